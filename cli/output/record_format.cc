#include "cli/output/record_format.h"

#include "cli/output/escape.h"
#include "libstore/message/message_id.h"
#include "libstore/message/properties.h"

namespace mqctl {
namespace {

constexpr std::string_view kDim = "\x1b[2m", kBold = "\x1b[1m", kGreen = "\x1b[32m", kPlain = "\x1b[0m";

void put(std::string& out, std::string_view text, std::string_view colour, const TextLook& look) {
  if (look.colour) out += colour;
  append_printable(out, text);
  if (look.colour) out += kPlain;
}

std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

// In the form that is asked for; kAuto is text where it is text, else hex.
void append_body_text(std::string& out, const BodyReader& body, bool escape) {
  switch (body.options().form) {
    case BodyForm::kNone:
      return;
    case BodyForm::kBase64:
      return append_base64(out, body.shown());
    case BodyForm::kHex:
      return append_hex(out, body.shown());
    case BodyForm::kAuto:
      break;
  }
  if (escape) {
    append_printable(out, body.shown());
  } else {
    out += body.shown();
  }
}

}  // namespace

void append_record_line(std::string& out, const ShownRecord& record, const BodyReader& body, const TextLook& look) {
  const MessageView& message = record.message;
  const DispatchProperties known = dispatch_properties(message.properties);
  put(out, std::to_string(record.offset.value()), kDim, look);
  out += "  ";
  put(out, time_text(message.stored, look.zone), kDim, look);
  out += "  ";
  put(out, message.topic, kBold, look);
  out += "/" + std::to_string(message.queue_id.value()) + ":" + std::to_string(message.queue_offset.value()) + "  ";
  put(out, or_dash(known.tags), kGreen, look);
  out += "  ";
  put(out, or_dash(known.keys), kGreen, look);
  out += "  ";
  if (body.options().form == BodyForm::kAuto && !body.is_text()) {
    out += "0x";
    append_hex(out, body.shown());
  } else {
    append_body_text(out, body, true);
  }
  if (body.truncated() && body.options().form != BodyForm::kNone) {
    out += " (" + std::to_string(body.shown().size()) + " of " + std::to_string(body.whole().size()) + " bytes)";
  }
  if (!record.crc_ok) put(out, " (CRC wrong)", kBold, look);
  out += '\n';
}

size_t RecordFormat::field_at(std::string_view text, Piece& piece) {
  static constexpr std::pair<std::string_view, Field> kFields[] = {
      {"topic", Field::kTopic}, {"queue", Field::kQueue},   {"qoff", Field::kQueueOffset}, {"pos", Field::kPosition},
      {"tags", Field::kTags},   {"keys", Field::kKeys},     {"msgid", Field::kMessageId},  {"uniq", Field::kUniq},
      {"born", Field::kBorn},   {"stored", Field::kStored}, {"body", Field::kBody},        {"size", Field::kSize}};
  for (const auto& [name, field] : kFields) {
    if (!text.starts_with(name)) continue;
    piece.field = field;
    return name.size();
  }
  const size_t close = text.find('}');
  if (!text.starts_with("prop{") || close == text.npos) return 0;
  piece.field = Field::kProperty;
  piece.text = text.substr(5, close - 5);
  return close + 1;
}

void RecordFormat::add_text(char c) {
  if (pieces_.empty() || pieces_.back().field != Field::kText) pieces_.push_back({});
  pieces_.back().text += c;
}

Result<RecordFormat> RecordFormat::parse(std::string_view text) {
  RecordFormat format;
  constexpr std::string_view kLetters = "tnr0\\", kMeanings{"\t\n\r\0\\", 5};
  for (size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c == '\\' && at < text.size() && kLetters.find(text[at]) != kLetters.npos) {
      format.add_text(kMeanings[kLetters.find(text[at++])]);
    } else if (c == '%' && text.substr(at).starts_with('%')) {
      format.add_text(text[at++]);
    } else if (c == '%') {
      Piece piece;
      const size_t length = field_at(text.substr(at), piece);
      if (length == 0) {
        return Status::error(Errc::kInvalidArgument,
                             "unknown field in the format: `" + std::string(text.substr(at - 1)) + "`");
      }
      format.pieces_.push_back(std::move(piece));
      at += length;
    } else {
      format.add_text(c);
    }
  }
  return format;
}

void RecordFormat::append(std::string& out, const ShownRecord& record, const BodyReader& body,
                          const TextLook& look) const {
  const MessageView& message = record.message;
  const auto text = [&](std::string_view bytes) {
    if (look.escape) return append_printable(out, bytes);
    out += bytes;
  };
  const auto property_of = [&](std::string_view name) { return find_property(message.properties, name).value_or(""); };
  for (const Piece& piece : pieces_) {
    switch (piece.field) {
      case Field::kText:
        out += piece.text;
        break;
      case Field::kTopic:
        text(message.topic);
        break;
      case Field::kQueue:
        out += std::to_string(message.queue_id.value());
        break;
      case Field::kQueueOffset:
        out += std::to_string(message.queue_offset.value());
        break;
      case Field::kPosition:
        out += std::to_string(record.offset.value());
        break;
      case Field::kTags:
        text(property_of(property::kTags));
        break;
      case Field::kKeys:
        text(property_of(property::kKeys));
        break;
      case Field::kMessageId:
        out += offset_message_id(message.store_host, message.physical_offset);
        break;
      case Field::kUniq:
        text(property_of(property::kUniqKey));
        break;
      case Field::kBorn:
        out += time_text(message.born, look.zone);
        break;
      case Field::kStored:
        out += time_text(message.stored, look.zone);
        break;
      case Field::kBody:
        append_body_text(out, body, look.escape);
        break;
      case Field::kSize:
        out += std::to_string(message.record.size());
        break;
      case Field::kProperty:
        text(property_of(piece.text));
        break;
    }
  }
}

}  // namespace mqctl
