// SPDX-License-Identifier: GPL-3.0-or-later
//
// sd-bus has compared the types of the arguments with the vtable before a handler is called, so reading them
// cannot fail for the caller's fault.
#include "daemon/bus/guard_methods.hpp"

#include "daemon/bus/history_messages.hpp"
#include "daemon/bus/objects.hpp"
#include "daemon/bus/report_messages.hpp"
#include "daemon/bus/rule_messages.hpp"
#include "daemon/bus/text.hpp"
#include "daemon/bus/verify_messages.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>

#include <glib.h>

namespace micguard {

namespace {

RequestError tooMuchWaiting() {
    return {names::error::limitExceeded,
            "too many calls of this connection wait for the bus to say who it is"};
}

std::string readText(sd_bus_message* message) {
    const char* text = "";
    sd_bus_message_read_basic(message, 's', &text);
    return text;
}

// Negative errno if the message cannot hold it.
int append(sd_bus_message* message, const std::string& key, const SettingValue& value) {
    int result = sd_bus_message_open_container(message, 'e', "sv");
    if (result >= 0)
        result = sd_bus_message_append(message, "s", busText(key).c_str());
    if (result < 0)
        return result;
    if (const auto* flag = std::get_if<bool>(&value)) {
        result = sd_bus_message_append(message, "v", "b", static_cast<int>(*flag));
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        result = sd_bus_message_append(message, "v", "x", *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        result = sd_bus_message_append(message, "v", "s", busText(*text).c_str());
    } else {
        result = sd_bus_message_open_container(message, 'v', "as");
        if (result >= 0)
            result = sd_bus_message_open_container(message, 'a', "s");
        for (const auto& entry : std::get<std::vector<std::string>>(value))
            if (result >= 0)
                result = sd_bus_message_append(message, "s", busText(entry).c_str());
        if (result >= 0)
            result = sd_bus_message_close_container(message);
        if (result >= 0)
            result = sd_bus_message_close_container(message);
    }
    return result < 0 ? result : sd_bus_message_close_container(message);
}

// More entries than any setting has are not read: the caller is told that it is too many all the same.
constexpr std::size_t mostEntries = 4096;

std::optional<SettingValue> readVariant(sd_bus_message* message) {
    char type = 0;
    const char* contents = nullptr;
    if (sd_bus_message_peek_type(message, &type, &contents) <= 0 || type != 'v')
        return std::nullopt;
    const std::string signature = contents;
    if ((signature != "b" && signature != "x" && signature != "s" && signature != "as") ||
        sd_bus_message_enter_container(message, 'v', signature.c_str()) <= 0)
        return std::nullopt;
    if (signature == "b") {
        int flag = 0;
        sd_bus_message_read_basic(message, 'b', &flag);
        return flag != 0;
    }
    if (signature == "x") {
        std::int64_t number = 0;
        sd_bus_message_read_basic(message, 'x', &number);
        return number;
    }
    if (signature == "s")
        return readText(message);
    std::vector<std::string> list;
    if (sd_bus_message_enter_container(message, 'a', "s") < 0)
        return std::nullopt;
    for (const char* entry = nullptr;
         list.size() < mostEntries && sd_bus_message_read_basic(message, 's', &entry) > 0;)
        list.emplace_back(entry);
    return list;
}

template <typename T>
void reply(PendingCall& call, const Result<T>& result) {
    if (!result)
        call.refuse(result.error());
    else if constexpr (std::is_void_v<T>)
        call.answer();
    else
        call.answer(*result);
}

// `write`: negative errno if the message cannot hold it.
template <typename Write>
void answerWith(PendingCall& call, Write write) {
    Message answer;
    int result = sd_bus_message_new_method_return(call.message(), answer.fill());
    if (result >= 0)
        result = write(answer.get());
    if (result < 0)
        return call.refuse(
            {names::error::limitExceeded, "the answer could not be written: " + errnoText(result)});
    call.answer(answer);
}

// Ten thousand entries take longer to write into a message than an event may wait: it is done piece by piece.
template <typename Entry>
class LongAnswer {
  public:
    using Append = int (*)(sd_bus_message*, std::span<const Entry>);

    // So many of them at a time.
    static void begin(GuardMethods::Call call, std::vector<Entry> entries, Append append, std::size_t piece) {
        auto answer = std::make_unique<LongAnswer>(std::move(call), std::move(entries), append, piece);
        int result = sd_bus_message_new_method_return(answer->call_->message(), answer->message_.fill());
        if (result >= 0)
            result = sd_bus_message_open_container(answer->message_.get(), 'a', "a{sv}");
        if (result < 0)
            return answer->fail(result);
        g_idle_add_full(
            G_PRIORITY_DEFAULT_IDLE, [](gpointer self) { return static_cast<LongAnswer*>(self)->goOn(); },
            answer.release(), [](gpointer self) { delete static_cast<LongAnswer*>(self); });
    }
    LongAnswer(GuardMethods::Call call, std::vector<Entry> entries, Append append, std::size_t piece)
        : call_(std::move(call))
        , entries_(std::move(entries))
        , append_(append)
        , piece_(piece) {}

  private:
    gboolean goOn() {
        const auto count = std::min(piece_, entries_.size() - done_);
        int result = append_(message_.get(), std::span<const Entry>(entries_).subspan(done_, count));
        done_ += count;
        if (result >= 0 && done_ < entries_.size())
            return G_SOURCE_CONTINUE;
        if (result >= 0)
            result = sd_bus_message_close_container(message_.get());
        if (result < 0)
            fail(result);
        else
            call_->answer(message_);
        return G_SOURCE_REMOVE;
    }
    void fail(int result) {
        call_->refuse({names::error::limitExceeded, "the answer could not be written: " + errnoText(result)});
    }

    GuardMethods::Call call_;
    std::vector<Entry> entries_;
    Append append_;
    std::size_t piece_;
    Message message_;
    std::size_t done_ = 0;
};

} // namespace

GuardMethods::GuardMethods(sd_bus* bus, Requests& requests)
    : requests_(requests)
    , holds_(requests)
    , callers_(bus,
               [this](const std::string& uniqueName) {
                   holds_.ownerLeft(uniqueName);
                   requests_.callerLeft(uniqueName);
               })
    , doorkeeper_(bus, callers_, requests) {}

void GuardMethods::take(sd_bus_message* message, std::function<void(const Caller&, const Call&)> serve) {
    const char* sender = sd_bus_message_get_sender(message);
    const auto call = std::make_shared<PendingCall>(message);
    if (closing_ || !sender)
        return; // the call says that it was dropped
    if (!callers_.identify(sender, onlyMutes(message),
                           [call, serve = std::move(serve)](const Caller& caller) { serve(caller, call); }))
        call->refuse(tooMuchWaiting());
}

template <GuardMethods::Serve serve>
int GuardMethods::handle(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
    GuardMethods& self = *static_cast<GuardObject*>(userdata)->methods;
    self.take(message, [&self](const Caller& caller, const Call& call) { (self.*serve)(caller, call); });
    return 1;
}

void GuardMethods::setMuted(const Caller& caller, const Call& call) {
    int muted = 0;
    sd_bus_message_read_basic(call->message(), 'b', &muted);
    requests_.setMuted(caller, muted != 0, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::toggleMuted(const Caller& caller, const Call& call) {
    requests_.toggleMuted(caller, [call](Result<bool> result) { reply(*call, result); });
}

void GuardMethods::setMode(const Caller& caller, const Call& call) {
    const std::string mode = readText(call->message());
    if (!isPrintable(mode, longestReason))
        return call->refuse({names::error::invalidArgument, "mode is silence or sever"});
    reply(*call, requests_.setMode(caller, mode));
}

void GuardMethods::hold(Holds::Kind kind, const Caller& caller, const Call& call) {
    const std::string reason = readText(call->message());
    if (!isPrintable(reason, longestReason))
        return call->refuse({names::error::invalidArgument,
                             "a reason is at most 256 bytes of printable UTF-8, without control characters"});
    auto request = holds_.reserve(kind, caller, call);
    if (!request)
        return call->refuse(request.error());
    const auto decided = [request = *request](Result<std::uint64_t> number) { request->decided(number); };
    if (kind == Holds::Kind::Mute)
        requests_.holdMute(caller, reason, decided);
    else
        requests_.holdUnmute(caller, reason, decided);
}

void GuardMethods::holdMute(const Caller& caller, const Call& call) {
    hold(Holds::Kind::Mute, caller, call);
}

void GuardMethods::holdUnmute(const Caller& caller, const Call& call) {
    hold(Holds::Kind::Unmute, caller, call);
}

void GuardMethods::release(const Caller& caller, const Call& call) {
    requests_.release(caller, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::config(const Caller& caller, const Call& call) {
    const auto settings = requests_.config(caller);
    if (!settings)
        return call->refuse(settings.error());
    answerWith(*call, [&](sd_bus_message* answer) {
        int result = sd_bus_message_open_container(answer, 'a', "{sv}");
        for (const auto& setting : *settings) {
            if (result >= 0)
                result = append(answer, setting.key, setting.value);
            if (result >= 0)
                result = append(answer, setting.key + "@origin", setting.origin);
            if (result >= 0 && !setting.final.empty())
                result = append(answer, setting.key + "@final", setting.final);
        }
        return result < 0 ? result : sd_bus_message_close_container(answer);
    });
}

void GuardMethods::setConfig(const Caller& caller, const Call& call) {
    const std::string key = readText(call->message());
    if (!isPrintable(key, longestReason))
        return call->refuse({names::error::invalidArgument, "a key is as Config() shows it"});
    const auto value = readVariant(call->message());
    if (!value)
        return call->refuse({names::error::invalidArgument,
                             "a value is a boolean, a whole number (x), a string or a list of strings"});
    requests_.setConfig(caller, key, *value, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::reload(const Caller& caller, const Call& call) {
    requests_.reload(caller, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::muteOwnStreams(const Caller& caller, const Call& call) {
    int muted = 0;
    sd_bus_message_read_basic(call->message(), 'b', &muted);
    requests_.muteOwnStreams(caller, muted != 0, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::setRule(const Caller& caller, const Call& call) {
    const std::string app = readText(call->message());
    const std::string action = readText(call->message());
    if (const auto fault = nameFault(app, "app"))
        return call->refuse(*fault);
    const auto options = readRuleOptions(call->message());
    if (!options)
        return call->refuse(options.error());
    requests_.setRule(caller, app, action, *options, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::forget(const Caller& caller, const Call& call) {
    const std::string app = readText(call->message());
    if (const auto fault = nameFault(app, "app"))
        return call->refuse(*fault);
    requests_.forget(caller, app, [call](Result<void> result) { reply(*call, result); });
}

void GuardMethods::rules(const Caller& caller, const Call& call) {
    auto rules = requests_.rules(caller);
    if (!rules)
        return call->refuse(rules.error());
    LongAnswer<RuleView>::begin(call, std::move(*rules), appendRules, 100);
}

void GuardMethods::explain(const Caller& caller, const Call& call) {
    const std::string app = readText(call->message());
    if (const auto fault = nameFault(app, "app"))
        return call->refuse(*fault);
    const auto explanation = requests_.explain(caller, app);
    if (!explanation)
        return call->refuse(explanation.error());
    answerWith(*call, [&](sd_bus_message* answer) { return appendExplanation(answer, *explanation); });
}

void GuardMethods::readHistory(const Caller& caller, const Call& call) {
    const auto filter = readHistoryFilter(call->message());
    if (!filter)
        return call->refuse(filter.error());
    requests_.readHistory(caller, *filter, [call](Result<std::vector<history::Entry>> entries) {
        if (!entries)
            return call->refuse(entries.error());
        LongAnswer<history::Entry>::begin(call, std::move(*entries), appendEntries, 200);
    });
}

void GuardMethods::report(const Caller& caller, const Call& call) {
    const auto filter = readReportFilter(call->message());
    if (!filter)
        return call->refuse(filter.error());
    requests_.report(caller, *filter, [call](Result<std::vector<history::ReportRow>> rows) {
        if (!rows)
            return call->refuse(rows.error());
        LongAnswer<history::ReportRow>::begin(call, std::move(*rows), appendRows, 1);
    });
}

void GuardMethods::clearHistory(const Caller& caller, const Call& call) {
    const auto filter = readClearFilter(call->message());
    if (!filter)
        return call->refuse(filter.error());
    requests_.clearHistory(caller, *filter, [call](Result<std::uint64_t> cleared) {
        if (!cleared)
            return call->refuse(cleared.error());
        answerWith(*call, [&](sd_bus_message* answer) {
            return sd_bus_message_append_basic(answer, 't', &*cleared);
        });
    });
}

void GuardMethods::verify(const Caller& caller, const Call& call) {
    const auto options = readVerifyOptions(call->message());
    if (!options)
        return call->refuse(options.error());
    requests_.verify(caller, *options, [call](const Result<std::vector<VerifyResult>>& results) {
        if (!results)
            return call->refuse(results.error());
        answerWith(*call, [&](sd_bus_message* answer) { return appendVerifyResults(answer, *results); });
    });
}

int GuardMethods::handleDiagnostics(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
    GuardMethods& self = *static_cast<GuardObject*>(userdata)->methods;
    auto facts = self.requests_.diagnostics();
    facts.emplace_back("bus.callers", std::to_string(self.callers_.count()));
    facts.emplace_back("bus.holds", std::to_string(self.holds_.count()));

    Message answer;
    int result = sd_bus_message_new_method_return(message, answer.fill());
    if (result >= 0)
        result = sd_bus_message_open_container(answer.get(), 'a', "{ss}");
    for (const auto& [key, value] : facts)
        if (result >= 0)
            result =
                sd_bus_message_append(answer.get(), "{ss}", busText(key).c_str(), busText(value).c_str());
    if (result >= 0)
        result = sd_bus_message_close_container(answer.get());
    return result < 0 ? result : sd_bus_message_send(answer.get());
}

std::vector<sd_bus_vtable> GuardMethods::vtable() {
    namespace method = names::guard::method;
    namespace signal = names::guard::signal;
    // Unprivileged: who may call is for Requests to say, not for sd-bus, which would ask in a blocking call.
    constexpr auto flags = SD_BUS_VTABLE_UNPRIVILEGED;
    return {
        SD_BUS_METHOD_WITH_ARGS(method::setMuted, SD_BUS_ARGS("b", muted), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::setMuted>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::toggleMuted, SD_BUS_NO_ARGS, SD_BUS_RESULT("b", muted),
                                handle<&GuardMethods::toggleMuted>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::setMode, SD_BUS_ARGS("s", mode), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::setMode>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::holdMute, SD_BUS_ARGS("s", reason), SD_BUS_RESULT("h", hold),
                                handle<&GuardMethods::holdMute>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::holdUnmute, SD_BUS_ARGS("s", reason), SD_BUS_RESULT("h", hold),
                                handle<&GuardMethods::holdUnmute>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::release, SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                handle<&GuardMethods::release>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::muteOwnStreams, SD_BUS_ARGS("b", muted), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::muteOwnStreams>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::config, SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", settings),
                                handle<&GuardMethods::config>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::setConfig, SD_BUS_ARGS("s", key, "v", value), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::setConfig>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::reload, SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                handle<&GuardMethods::reload>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::setRule, SD_BUS_ARGS("s", app, "s", action, "a{sv}", options),
                                SD_BUS_NO_RESULT, handle<&GuardMethods::setRule>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::forget, SD_BUS_ARGS("s", app), SD_BUS_NO_RESULT,
                                handle<&GuardMethods::forget>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::rules, SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", rules),
                                handle<&GuardMethods::rules>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::explain, SD_BUS_ARGS("s", app), SD_BUS_RESULT("a{sv}", explanation),
                                handle<&GuardMethods::explain>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::history, SD_BUS_ARGS("a{sv}", filter),
                                SD_BUS_RESULT("aa{sv}", entries), handle<&GuardMethods::readHistory>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::report, SD_BUS_ARGS("a{sv}", filter), SD_BUS_RESULT("aa{sv}", rows),
                                handle<&GuardMethods::report>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::clearHistory, SD_BUS_ARGS("a{sv}", filter),
                                SD_BUS_RESULT("t", cleared), handle<&GuardMethods::clearHistory>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::verify, SD_BUS_ARGS("a{sv}", options),
                                SD_BUS_RESULT("aa{sv}", results), handle<&GuardMethods::verify>, flags),
        SD_BUS_METHOD_WITH_ARGS(method::diagnostics, SD_BUS_NO_ARGS, SD_BUS_RESULT("a{ss}", facts),
                                handleDiagnostics, flags),
        SD_BUS_SIGNAL_WITH_ARGS(signal::captureStarted, SD_BUS_ARGS("o", application, "o", source), 0),
        SD_BUS_SIGNAL_WITH_ARGS(signal::captureStopped, SD_BUS_ARGS("o", application, "o", source), 0),
        SD_BUS_SIGNAL_WITH_ARGS(signal::blocked, SD_BUS_ARGS("o", application, "s", reason), 0),
        SD_BUS_SIGNAL_WITH_ARGS(signal::asked, SD_BUS_ARGS("o", application), 0),
    };
}

} // namespace micguard
