// SPDX-License-Identifier: GPL-3.0-or-later
//
// How each field of a view is written on the bus. Text is made printable here, on its way out.
#include "daemon/bus/properties.hpp"

#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

#include <charconv>
#include <cstring>
#include <string_view>

namespace micguard {

std::string objectPath(const char* folder, std::uint64_t key) {
    if (key == 0)
        return "/";
    return std::string(folder) + "/" + std::to_string(key);
}

std::uint64_t keyOfPath(const char* folder, const char* path) {
    std::string_view rest = path;
    const std::string_view prefix = folder;
    if (!rest.starts_with(prefix) || rest.size() < prefix.size() + 2 || rest[prefix.size()] != '/')
        return 0;
    rest.remove_prefix(prefix.size() + 1);
    std::uint64_t key = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), key);
    // One path per object: "07" is not 7.
    if (error != std::errc{} || end != rest.data() + rest.size() || rest.front() == '0')
        return 0;
    return key;
}

namespace {

int appendPath(sd_bus_message* reply, const char* folder, std::uint64_t key) {
    return sd_bus_message_append_basic(reply, 'o', objectPath(folder, key).c_str());
}

// How a value of a view is written: a signature and an append().
struct Text {
    static constexpr char signature[] = "s";
    static int append(sd_bus_message* reply, const std::string& value) {
        return sd_bus_message_append_basic(reply, 's', busText(value).c_str());
    }
};

struct Flag {
    static constexpr char signature[] = "b";
    static int append(sd_bus_message* reply, bool value) {
        const int wide = value;
        return sd_bus_message_append_basic(reply, 'b', &wide);
    }
};

struct Number {
    static constexpr char signature[] = "u";
    static int append(sd_bus_message* reply, std::uint32_t value) {
        return sd_bus_message_append_basic(reply, 'u', &value);
    }
};

struct Time {
    static constexpr char signature[] = "t";
    static int append(sd_bus_message* reply, std::uint64_t value) {
        return sd_bus_message_append_basic(reply, 't', &value);
    }
};

template <const char* Folder>
struct Path {
    static constexpr char signature[] = "o";
    static int append(sd_bus_message* reply, std::uint64_t key) { return appendPath(reply, Folder, key); }
};

template <typename Element, typename Values>
int appendArray(sd_bus_message* reply, const char* type, const Values& values) {
    int result = sd_bus_message_open_container(reply, 'a', type);
    for (auto value = values.begin(); result >= 0 && value != values.end(); ++value)
        result = Element::append(reply, *value);
    return result < 0 ? result : sd_bus_message_close_container(reply);
}

template <const char* Folder>
struct Paths {
    static constexpr char signature[] = "ao";
    static int append(sd_bus_message* reply, const std::vector<std::uint64_t>& keys) {
        return appendArray<Path<Folder>>(reply, "o", keys);
    }
};

struct HoldEntry {
    static int append(sd_bus_message* reply, const HoldView& hold) {
        return sd_bus_message_append(reply, "(sss)", busText(hold.kind).c_str(), busText(hold.owner).c_str(),
                                     busText(hold.reason).c_str());
    }
};

struct HoldList {
    static constexpr char signature[] = "a(sss)";
    static int append(sd_bus_message* reply, const std::vector<HoldView>& holds) {
        return appendArray<HoldEntry>(reply, "(sss)", holds);
    }
};

struct WarningEntry {
    static int append(sd_bus_message* reply, const WarningView& warning) {
        return sd_bus_message_append(reply, "(ss)", busText(warning.id).c_str(),
                                     busText(warning.text).c_str());
    }
};

struct WarningList {
    static constexpr char signature[] = "a(ss)";
    static int append(sd_bus_message* reply, const std::vector<WarningView>& warnings) {
        return appendArray<WarningEntry>(reply, "(ss)", warnings);
    }
};

template <typename>
struct OwnerOf;
template <typename Owner, typename Value>
struct OwnerOf<Value Owner::*> {
    using type = Owner;
};

// Instantiated as C callbacks.
template <auto Member, typename Writer>
int get(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* userdata,
        sd_bus_error*) noexcept {
    using Owner = typename OwnerOf<decltype(Member)>::type;
    return Writer::append(reply, static_cast<const Owner*>(userdata)->*Member);
}

template <auto Member, typename Writer>
constexpr auto property(const char* name) {
    using Owner = typename OwnerOf<decltype(Member)>::type;
    return Property<Owner>{name, Writer::signature, get<Member, Writer>,
                           [](const Owner& a, const Owner& b) { return a.*Member == b.*Member; }};
}

namespace guard = names::guard::property;
namespace app = names::application::property;
namespace stream = names::stream::property;
namespace source = names::source::property;

using ApplicationPath = Path<names::application::folder>;
using SourcePath = Path<names::source::folder>;
using StreamPaths = Paths<names::stream::folder>;

constexpr Property<GuardView> guardProperties[] = {
    property<&GuardView::state, Text>(guard::state),
    property<&GuardView::muted, Flag>(guard::muted),
    property<&GuardView::mutedSince, Time>(guard::mutedSince),
    property<&GuardView::mode, Text>(guard::mode),
    property<&GuardView::holds, HoldList>(guard::holds),
    property<&GuardView::connected, Flag>(guard::connected),
    property<&GuardView::capturing, Number>(guard::capturing),
    property<&GuardView::admission, Text>(guard::admission),
    property<&GuardView::warnings, WarningList>(guard::warnings),
    property<&GuardView::version, Text>(guard::version),
};

constexpr Property<ApplicationView> applicationProperties[] = {
    property<&ApplicationView::appId, Text>(app::appId),
    property<&ApplicationView::name, Text>(app::name),
    property<&ApplicationView::iconName, Text>(app::iconName),
    property<&ApplicationView::executable, Text>(app::executable),
    property<&ApplicationView::sandbox, Text>(app::sandbox),
    property<&ApplicationView::identity, Text>(app::identity),
    property<&ApplicationView::state, Text>(app::state),
    property<&ApplicationView::reason, Text>(app::reason),
    property<&ApplicationView::since, Time>(app::since),
    property<&ApplicationView::levelMeterOnly, Flag>(app::levelMeterOnly),
    property<&ApplicationView::muted, Flag>(app::muted),
    property<&ApplicationView::streams, StreamPaths>(app::streams),
};

constexpr Property<StreamView> streamProperties[] = {
    property<&StreamView::application, ApplicationPath>(stream::application),
    property<&StreamView::source, SourcePath>(stream::source),
    property<&StreamView::name, Text>(stream::name),
    property<&StreamView::pid, Number>(stream::pid),
    property<&StreamView::state, Text>(stream::state),
    property<&StreamView::levelMeter, Flag>(stream::levelMeter),
    property<&StreamView::since, Time>(stream::since),
};

constexpr Property<SourceView> sourceProperties[] = {
    property<&SourceView::name, Text>(source::name),
    property<&SourceView::description, Text>(source::description),
    property<&SourceView::kind, Text>(source::kind),
    property<&SourceView::guarded, Flag>(source::guarded),
    property<&SourceView::silenced, Flag>(source::silenced),
    property<&SourceView::method, Text>(source::method),
    property<&SourceView::led, Text>(source::led),
    property<&SourceView::inUse, Flag>(source::inUse),
};

} // namespace

template <>
PropertyTable<GuardView> properties() {
    return {guardProperties, std::size(guardProperties)};
}
template <>
PropertyTable<ApplicationView> properties() {
    return {applicationProperties, std::size(applicationProperties)};
}
template <>
PropertyTable<StreamView> properties() {
    return {streamProperties, std::size(streamProperties)};
}
template <>
PropertyTable<SourceView> properties() {
    return {sourceProperties, std::size(sourceProperties)};
}

} // namespace micguard
