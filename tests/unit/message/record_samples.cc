#include "tests/unit/message/record_samples.h"

#include <algorithm>
#include <stdexcept>

#include "libstore/message/properties.h"

namespace mqctl::test {
namespace {

size_t up_to(std::mt19937_64& random, size_t most) { return static_cast<size_t>(random() % (most + 1)); }

std::string random_bytes(std::mt19937_64& random, size_t length) {
  std::string text(length, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

HostAddress random_host(std::mt19937_64& random) {
  HostAddress host;
  host.v6 = random() % 2 == 0;
  for (size_t i = 0; i < host.address_bytes(); ++i) host.address[i] = static_cast<uint8_t>(random());
  host.port = static_cast<int32_t>(random());
  return host;
}

std::string random_topic(std::mt19937_64& random) {
  const bool retry = random() % 4 == 0;
  const std::string prefix = retry ? "%RETRY%" : "";
  const size_t most = (retry ? kMaxRetryTopicBytes : kMaxTopicBytesV1) - prefix.size();
  return prefix + std::string(1 + up_to(random, most - 1), 't');
}

// Bytes of any kind, but so that the CRC appendix is not there by itself.
std::string random_properties(std::mt19937_64& random) {
  std::string text = random_bytes(random, up_to(random, random() % 16 == 0 ? 32700 : 200));
  if (random() % 2 == 0) text += kPropertySeparator;
  return text;
}

// Takes fields off the front; `ok` falls for good at the first that is not there.
class FieldReader {
 public:
  explicit FieldReader(Bytes bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }

  Bytes bytes(int64_t length) {
    if (!ok_ || length < 0 || static_cast<uint64_t>(length) > rest_.size()) {
      ok_ = false;
      return {};
    }
    const Bytes taken = rest_.first(static_cast<size_t>(length));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  int64_t number(size_t length) {
    int64_t value = 0;
    const Bytes field = bytes(static_cast<int64_t>(length));
    if (!ok_) return 0;
    if ((field[0] & std::byte{0x80}) != std::byte{0}) value = -1;
    for (const std::byte byte : field) {
      value = static_cast<int64_t>(static_cast<uint64_t>(value) << 8) | std::to_integer<int64_t>(byte);
    }
    return value;
  }
  int32_t number4() { return static_cast<int32_t>(number(4)); }
  HostAddress host(bool v6) {
    HostAddress host;
    host.v6 = v6;
    const Bytes raw = bytes(v6 ? 16 : 4);
    std::transform(raw.begin(), raw.end(), host.address.begin(),
                   [](std::byte b) { return std::to_integer<uint8_t>(b); });
    host.port = number4();
    return host;
  }

 private:
  Bytes rest_;
  bool ok_ = true;
};

void read_head(FieldReader& fields, MessageView& view) {
  view.body_crc = static_cast<uint32_t>(fields.number(4));
  view.queue_id = QueueId(fields.number4());
  view.flag = fields.number4();
  view.queue_offset = QueueOffset(fields.number(8));
  view.physical_offset = PhysicalOffset(fields.number(8));
  view.sys_flag = fields.number4();
  view.born = EpochMs(fields.number(8));
  view.born_host = fields.host((view.sys_flag & 0x10) != 0);
  view.stored = EpochMs(fields.number(8));
  view.store_host = fields.host((view.sys_flag & 0x20) != 0);
  view.reconsume_times = fields.number4();
  view.prepared_transaction_offset = PhysicalOffset(fields.number(8));
}

}  // namespace

std::string props(std::string_view readable) {
  std::string text(readable);
  std::replace(text.begin(), text.end(), '=', kNameValueSeparator);
  std::replace(text.begin(), text.end(), ';', kPropertySeparator);
  return text;
}

SampleDraft::SampleDraft(std::mt19937_64& random)
    : property_crc(random() % 2 == 0),
      topic_(random_topic(random)),
      body_(random_bytes(random, up_to(random, random() % 16 == 0 ? 70000 : 300))),
      properties_(random_properties(random)) {
  draft.topic = topic_;
  draft.queue_id = QueueId(static_cast<int32_t>(random() & INT32_MAX));
  draft.flag = static_cast<int32_t>(random());
  draft.sys_flag = static_cast<int32_t>(random());
  draft.born = EpochMs(static_cast<int64_t>(random()));
  draft.born_host = random_host(random);
  draft.store_host = random_host(random);
  draft.reconsume_times = static_cast<int32_t>(random());
  draft.prepared_transaction_offset = PhysicalOffset(static_cast<int64_t>(random()));
  draft.body = as_bytes(body_);
  draft.properties = properties_;
  frame = {QueueOffset(static_cast<int64_t>(random())), PhysicalOffset(static_cast<int64_t>(random())),
           EpochMs(static_cast<int64_t>(random()))};
}

std::vector<std::byte> SampleDraft::encode() const {
  EncoderLimits limits;
  limits.append_property_crc = property_crc;
  const Result<EncodedMessage> encoded = EncodedMessage::encode(draft, limits);
  if (!encoded) throw std::invalid_argument(encoded.error().to_string());
  std::vector<std::byte> bytes(encoded->size());
  encoded->write_to(bytes.data(), frame.queue_offset, frame.physical_offset, frame.stored);
  return bytes;
}

std::vector<std::byte> small_record(int version, bool born_v6, bool store_v6, bool property_crc) {
  const std::string properties = props("n=v;");
  const std::string topic = version == 1 ? "T" : "%RETRY%" + std::string(121, 'g');
  MessageDraft fields;
  fields.topic = topic;
  fields.queue_id = QueueId(3);
  fields.born = EpochMs(1700000000000);
  fields.born_host = HostAddress::v4(10, 0, 0, 1, 50000);
  fields.born_host.v6 = born_v6;
  fields.store_host = HostAddress::v4(10, 0, 0, 2, 10911);
  fields.store_host.v6 = store_v6;
  fields.body = as_bytes("ab");
  fields.properties = properties;
  SampleDraft sample(fields);
  sample.property_crc = property_crc;
  sample.frame = {QueueOffset(5), PhysicalOffset(4096), EpochMs(1700000000123)};
  return sample.encode();
}

std::vector<std::byte> from_hex(std::string_view hex) {
  std::vector<std::byte> bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ' || c == '\n') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

std::optional<MessageView> read_slowly(Bytes bytes) {
  FieldReader outer(bytes);
  const int64_t total = outer.number(4);
  if (!outer.ok() || total < 4 || static_cast<uint64_t>(total) > bytes.size()) return std::nullopt;
  FieldReader fields(bytes.first(static_cast<size_t>(total)));
  MessageView view;
  view.record = bytes.first(static_cast<size_t>(total));
  fields.number(4);
  const auto magic = static_cast<uint32_t>(fields.number(4));
  if (magic != 0xDAA320A7 && magic != 0xDAA320AB) return std::nullopt;
  view.version = magic == 0xDAA320A7 ? 1 : 2;
  read_head(fields, view);
  view.body = fields.bytes(fields.number(4));
  view.topic = as_text(fields.bytes(fields.number(view.version == 1 ? 1 : 2)));
  view.properties = as_text(fields.bytes(fields.number(2)));
  if (!fields.ok()) return std::nullopt;
  const bool exact = as_bytes(view.properties).data() + view.properties.size() == bytes.data() + total;
  return exact ? std::optional<MessageView>(view) : std::nullopt;
}

bool same_reading(const MessageView& a, const MessageView& b) {
  const auto same_bytes = [](Bytes x, Bytes y) { return x.data() == y.data() && x.size() == y.size(); };
  return same_bytes(a.record, b.record) && same_bytes(a.body, b.body) &&
         same_bytes(as_bytes(a.topic), as_bytes(b.topic)) &&
         same_bytes(as_bytes(a.properties), as_bytes(b.properties)) && a.version == b.version &&
         a.body_crc == b.body_crc && a.queue_id == b.queue_id && a.flag == b.flag && a.queue_offset == b.queue_offset &&
         a.physical_offset == b.physical_offset && a.sys_flag == b.sys_flag && a.born == b.born &&
         a.born_host == b.born_host && a.stored == b.stored && a.store_host == b.store_host &&
         a.reconsume_times == b.reconsume_times && a.prepared_transaction_offset == b.prepared_transaction_offset;
}

}  // namespace mqctl::test
