// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/snapshot.hpp"

#include "cli/json_take.hpp"
#include "cli/text.hpp"
#include "config/wording.hpp"
#include "protocol/hold_words.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

using cli::take;
using nlohmann::json;
using Checked = tl::expected<void, std::string>;

namespace guard = names::guard::property;

bool take(const json& from, std::vector<HoldFacts>& into) {
    std::vector<HoldFacts> holds;
    if (!from.is_array())
        return false;
    for (const json& entry : from) {
        HoldFacts hold;
        if (!entry.is_array() || entry.size() != 3 || !take(entry[0], hold.kind) ||
            !take(entry[1], hold.owner) || !take(entry[2], hold.reason))
            return false;
        holds.push_back(std::move(hold));
    }
    into = std::move(holds);
    return true;
}

bool take(const json& from, std::vector<WarningFacts>& into) {
    std::vector<WarningFacts> warnings;
    if (!from.is_array())
        return false;
    for (const json& entry : from) {
        WarningFacts warning;
        if (!entry.is_array() || entry.size() != 2 || !take(entry[0], warning.id) ||
            !take(entry[1], warning.text))
            return false;
        warnings.push_back(std::move(warning));
    }
    into = std::move(warnings);
    return true;
}

// Reads one property after the other and remembers the first that did not fit.
class Reader {
  public:
    enum class Missing { Refused, Kept };
    Reader(const json& properties, Missing missing)
        : properties_(properties)
        , missing_(missing) {
        if (!properties.is_object())
            wrong_ = "properties are no dictionary";
    }

    template <typename T>
    Reader& operator()(const char* name, T& into) {
        if (!wrong_.empty())
            return *this;
        const auto found = properties_.find(name);
        if (found == properties_.end()) {
            if (missing_ == Missing::Refused)
                wrong_ = std::string("property ") + name + " is missing";
        } else if (!take(*found, into)) {
            wrong_ = std::string("property ") + name + " is of another type";
        }
        return *this;
    }

    Checked result() const { return wrong_.empty() ? Checked{} : tl::unexpected(wrong_); }

  private:
    const json& properties_;
    Missing missing_;
    std::string wrong_;
};

Checked read(Reader reader, GuardFacts& facts) {
    return reader(guard::state, facts.state)(guard::muted, facts.muted)(guard::mutedSince, facts.mutedSince)(
               guard::mode, facts.mode)(guard::holds, facts.holds)(guard::connected, facts.connected)(
               guard::capturing, facts.capturing)(guard::admission, facts.admission)(
               guard::warnings, facts.warnings)(guard::version, facts.version)
        .result();
}

Checked read(Reader reader, ApplicationFacts& app) {
    namespace p = names::application::property;
    return reader(p::appId, app.appId)(p::name, app.name)(p::iconName, app.iconName)(
               p::executable, app.executable)(p::sandbox, app.sandbox)(p::identity, app.identity)(
               p::state, app.state)(p::reason, app.reason)(p::since, app.since)(
               p::levelMeterOnly, app.levelMeterOnly)(p::muted, app.muted)
        .result();
}

Checked read(Reader reader, StreamFacts& stream) {
    namespace p = names::stream::property;
    Checked fine = reader(p::application, stream.application)(p::source, stream.source)(p::name, stream.name)(
                       p::pid, stream.pid)(p::state, stream.state)(p::levelMeter,
                                                                   stream.levelMeter)(p::since, stream.since)
                       .result();
    if (stream.source == "/") // the contract's "no object"
        stream.source.clear();
    return fine;
}

Checked read(Reader reader, SourceFacts& source) {
    namespace p = names::source::property;
    return reader(p::name, source.name)(p::description, source.description)(p::kind, source.kind)(
               p::guarded, source.guarded)(p::silenced, source.silenced)(p::method, source.method)(
               p::led, source.led)(p::inUse, source.inUse)
        .result();
}

template <typename T>
Checked updateOne(std::map<std::string, T>& objects, const std::string& path, const json& properties) {
    const auto known = objects.find(path);
    const bool isNew = known == objects.end();
    T value = isNew ? T{} : known->second;
    value.path = path;
    const auto fine =
        read(Reader(properties, isNew ? Reader::Missing::Refused : Reader::Missing::Kept), value);
    if (!fine)
        return tl::unexpected(path + ": " + fine.error());
    objects[path] = std::move(value);
    return {};
}

std::uint64_t numberOf(std::string_view path) {
    const std::string_view digits = path.substr(path.rfind('/') + 1);
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

template <typename T>
std::vector<const T*> inOrder(const std::map<std::string, T>& objects) {
    std::vector<const T*> list;
    list.reserve(objects.size());
    for (const auto& [path, object] : objects)
        list.push_back(&object);
    std::stable_sort(list.begin(), list.end(),
                     [](const T* a, const T* b) { return numberOf(a->path) < numberOf(b->path); });
    return list;
}

// The contract's 0 and "" for "not" become null, so that nobody computes with them.
json timeOrNull(std::uint64_t time) {
    return time == 0 ? json(nullptr) : json(time);
}
json textOrNull(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

} // namespace

std::vector<const ApplicationFacts*> Objects::applicationsInOrder() const {
    return inOrder(applications);
}
std::vector<const SourceFacts*> Objects::sourcesInOrder() const {
    return inOrder(sources);
}

std::vector<const StreamFacts*> Objects::streamsOf(const std::string& applicationPath) const {
    std::vector<const StreamFacts*> list = inOrder(streams);
    std::erase_if(list, [&](const StreamFacts* s) { return s->application != applicationPath; });
    return list;
}

tl::expected<const ApplicationFacts*, std::string> Objects::applicationCalled(const std::string& text) const {
    if (const auto found = applications.find(text); found != applications.end())
        return &found->second;
    std::vector<const ApplicationFacts*> called;
    // As the guard finds one for the verbs about rules.
    const auto isAppId = [&](const ApplicationFacts& one) { return one.appId == text; };
    const auto isName = [&, wanted = lowered(text)](const ApplicationFacts& one) {
        return lowered(one.name) == wanted ||
               lowered(one.executable.substr(one.executable.rfind('/') + 1)) == wanted;
    };
    for (const auto& fits : {std::function<bool(const ApplicationFacts&)>(isAppId),
                             std::function<bool(const ApplicationFacts&)>(isName)}) {
        for (const ApplicationFacts* application : applicationsInOrder())
            if (fits(*application))
                called.push_back(application);
        if (called.size() == 1)
            return called.front();
        if (!called.empty())
            break;
    }
    if (called.empty())
        return tl::unexpected("no application that listens, or wants to, is called '" + shown(text, 60) +
                              "'");
    std::string paths;
    for (const ApplicationFacts* application : called)
        paths += (paths.empty() ? "" : ", ") + shown(application->path, 60);
    return tl::unexpected("several are called '" + shown(text, 60) + "': " + paths);
}

std::string wordsFor(const HoldFacts& hold) {
    return holdWords(shown(hold.kind), shown(hold.owner), shown(hold.reason));
}

std::string whoHolds(const GuardFacts& facts) {
    for (const HoldFacts& hold : facts.holds)
        if (hold.kind != "hold-unmute")
            return wordsFor(hold);
    return {};
}

tl::expected<GuardFacts, std::string> guardFacts(const json& properties) {
    GuardFacts facts;
    if (const auto fine = read(Reader(properties, Reader::Missing::Refused), facts); !fine)
        return tl::unexpected(fine.error());
    return facts;
}

Checked update(GuardFacts& facts, const json& properties) {
    GuardFacts updated = facts;
    if (const auto fine = read(Reader(properties, Reader::Missing::Kept), updated); !fine)
        return fine;
    facts = std::move(updated);
    return {};
}

Checked update(Objects& objects, const std::string& path, const json& interfaces) {
    for (const auto& [interface, properties] : interfaces.items()) {
        Checked fine;
        if (interface == names::application::interface)
            fine = updateOne(objects.applications, path, properties);
        else if (interface == names::stream::interface)
            fine = updateOne(objects.streams, path, properties);
        else if (interface == names::source::interface)
            fine = updateOne(objects.sources, path, properties);
        if (!fine)
            return fine;
    }
    return {};
}

tl::expected<Objects, std::string> objectsFrom(const json& managed) {
    Objects objects;
    for (const auto& [path, interfaces] : managed.items())
        if (const auto fine = update(objects, path, interfaces); !fine)
            return tl::unexpected(fine.error());
    return objects;
}

json toJson(const GuardFacts& facts) {
    json holds = json::array(), warnings = json::array();
    for (const HoldFacts& hold : facts.holds)
        holds.push_back({{"kind", hold.kind}, {"owner", hold.owner}, {"reason", hold.reason}});
    for (const WarningFacts& warning : facts.warnings)
        warnings.push_back({{"id", warning.id}, {"text", warning.text}});
    return {{"state", facts.state},
            {"muted", facts.muted},
            {"guaranteed", facts.guaranteed()},
            {"muted_since", timeOrNull(facts.mutedSince)},
            {"mode", facts.mode},
            {"holds", std::move(holds)},
            {"connected", facts.connected},
            {"capturing", facts.capturing},
            {"admission", facts.admission},
            {"warnings", std::move(warnings)},
            {"version", facts.version}};
}

json toJson(const StreamFacts& stream, const Objects& objects) {
    const auto source = objects.sources.find(stream.source);
    return {{"name", stream.name},
            {"pid", stream.pid == 0 ? json(nullptr) : json(stream.pid)},
            {"state", stream.state},
            {"level_meter", stream.levelMeter},
            {"since", timeOrNull(stream.since)},
            {"source", source == objects.sources.end() ? json(nullptr) : json(source->second.name)}};
}

json toJson(const ApplicationFacts& application, const Objects& objects) {
    json streams = json::array();
    for (const StreamFacts* stream : objects.streamsOf(application.path))
        streams.push_back(toJson(*stream, objects));
    return {{"path", application.path},
            {"app_id", application.appId},
            {"name", application.name},
            {"icon", textOrNull(application.iconName)},
            {"executable", textOrNull(application.executable)},
            {"sandbox", textOrNull(application.sandbox)},
            {"identity", application.identity},
            {"state", application.state},
            {"reason", application.reason},
            {"since", timeOrNull(application.since)},
            {"level_meter_only", application.levelMeterOnly},
            {"muted", application.muted},
            {"streams", std::move(streams)}};
}

json toJson(const SourceFacts& source) {
    return {{"path", source.path},     {"name", source.name},       {"description", source.description},
            {"kind", source.kind},     {"guarded", source.guarded}, {"silenced", source.silenced},
            {"method", source.method}, {"led", source.led},         {"in_use", source.inUse}};
}

std::string written(const json& data, int indent) {
    return data.dump(indent, ' ', true, json::error_handler_t::replace);
}

} // namespace micguard::cli
