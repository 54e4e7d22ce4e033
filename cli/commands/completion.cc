#include <CLI/CLI.hpp>
#include <set>

#include "cli/commands/command.h"
#include "cli/commands/completion_scripts.h"
#include "cli/output/exit_status.h"
#include "libstore/index/consume_queue_reader.h"
#include "libstore/store/store_location.h"
#include "libstore/store/topic_config.h"

namespace mqctl {
namespace {

constexpr std::string_view kNotes =
    "bash:  mqctl completion bash > ~/.local/share/bash-completion/completions/mqctl\n"
    "zsh:   mqctl completion zsh > a directory of $fpath, as _mqctl\n"
    "fish:  mqctl completion fish > ~/.config/fish/completions/mqctl.fish\n"
    "\n"
    "Topic names are completed out of the store that is named on the line.";

class CompletionCommand final : public Command {
 public:
  CommandInfo info() const override {
    return {"completion",
            "print the completion script of a shell",
            {{"For this bash", "source <(mqctl completion bash)"},
             {"For zsh, in a directory of $fpath", "mqctl completion zsh > _mqctl"},
             {"For fish", "mqctl completion fish > mqctl.fish"}},
            kNotes};
  }
  void add_flags(CLI::App& app) override {
    app.add_option("SHELL", shell_, "bash, zsh or fish")->check(CLI::IsMember({"bash", "zsh", "fish"}));
    app.add_option("--topics", location_, "")->group("");  // for the scripts: topics of a store, a line each
  }
  Console::Options console() const override { return {.command = "completion"}; }

  int run(Console& console) override {
    if (!location_.empty()) return print_topics(console);
    if (shell_.empty()) {
      console.error("for which shell: bash, zsh or fish?");
      return exit_status::kUsage;
    }
    const CommandTree tree;
    console.out().write(shell_ == "bash"  ? bash_completion(tree)
                        : shell_ == "zsh" ? zsh_completion(tree)
                                          : fish_completion(tree));
    return exit_status::kYes;
  }

 private:
  int print_topics(Console& console) const {
    FileSystem& fs = posix_file_system();
    Result<StoreLocation> store = locate_store(fs, location_);
    if (!store) return exit_status::kCouldNot;
    std::set<std::string> names;
    if (store->has_root()) {
      if (Result<QueueListing> queues = list_queues(fs, store->consume_queue_directory())) {
        for (const QueueKey& key : queues->queues) names.insert(key.topic);
      }
      if (Result<std::vector<TopicConfig>> topics = load_topics(fs, store->root)) {
        for (const TopicConfig& topic : *topics) names.insert(topic.topic);
      }
    }
    for (const std::string& name : names) console.out().write(name + "\n");
    return exit_status::kYes;
  }

  std::string shell_, location_;
};

}  // namespace

std::unique_ptr<Command> make_completion_command() { return std::make_unique<CompletionCommand>(); }

}  // namespace mqctl
