// SPDX-License-Identifier: GPL-3.0-or-later
//
// See bus_fixture.hpp.
#include "tests/unit/bus_fixture.hpp"

#include "protocol/names.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <gio/gunixfdlist.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace micguard::test {

namespace {

constexpr gint64 watchdog = 5 * G_TIME_SPAN_SECOND;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

} // namespace

std::string printed(GVariant* variant) {
    const std::unique_ptr<char, decltype(&g_free)> text(g_variant_print(variant, FALSE), g_free);
    return text.get();
}

bool runUntil(const std::function<bool()>& done) {
    const gint64 deadline = g_get_monotonic_time() + watchdog;
    bool expired = false;
    const guint timer = g_timeout_add(
        static_cast<guint>(watchdog / 1000) + 1,
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_CONTINUE;
        },
        &expired);
    bool result = done();
    while (!result && !expired && g_get_monotonic_time() < deadline) {
        g_main_context_iteration(nullptr, TRUE);
        result = done();
    }
    g_source_remove(timer);
    return result;
}

PrivateBus::PrivateBus() {
    std::string pattern = (std::filesystem::temp_directory_path() / "micguard-bus-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
        fail("no temporary folder");
    folder_ = pattern;
    address_ = "unix:path=" + folder_ + "/bus";
    std::string option = "--address=" + address_;
    std::string program = "dbus-daemon", session = "--session", foreground = "--nofork",
                noPid = "--nopidfile", print = "--print-address";
    char* arguments[] = {program.data(), session.data(), option.data(), foreground.data(),
                         noPid.data(),   print.data(),   nullptr};
    int output = -1;
    GError* error = nullptr;
    // It must not outlive a test that crashes.
    const auto inChild = [](gpointer) { prctl(PR_SET_PDEATHSIG, SIGKILL); };
    if (!g_spawn_async_with_pipes(nullptr, arguments, nullptr,
                                  static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                                           G_SPAWN_STDERR_TO_DEV_NULL),
                                  inChild, nullptr, &pid_, nullptr, &output, nullptr, &error))
        fail(std::string("dbus-daemon: ") + error->message);
    // The address is printed once it listens.
    pollfd ready = {output, POLLIN, 0};
    char buffer[512];
    const bool listening = poll(&ready, 1, 5000) == 1 && read(output, buffer, sizeof buffer) > 0;
    close(output);
    if (!listening) {
        end();
        fail("dbus-daemon does not listen");
    }
    setenv("DBUS_SESSION_BUS_ADDRESS", address_.c_str(), 1);
}

void PrivateBus::end() {
    if (pid_ == 0)
        return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

PrivateBus::~PrivateBus() {
    end();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void FakeRequests::record(const Caller& caller, std::string call) {
    callers.push_back(caller);
    calls.push_back(std::move(call));
}

void FakeRequests::answer(std::function<void()> now) {
    if (keepReplies)
        kept.push_back(std::move(now));
    else
        now();
}

void FakeRequests::setMuted(const Caller& caller, bool muted, ReplyVoid reply) {
    record(caller, muted ? "setMuted true" : "setMuted false");
    answer([this, reply] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply({});
    });
}

void FakeRequests::toggleMuted(const Caller& caller, ReplyBool reply) {
    record(caller, "toggleMuted");
    answer([this, reply] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(true);
    });
}

Result<void> FakeRequests::setMode(const Caller& caller, const std::string& mode) {
    record(caller, "setMode " + mode);
    if (refusal)
        return tl::unexpected(*refusal);
    return {};
}

void FakeRequests::holdMute(const Caller& caller, const std::string& reason,
                            std::function<void(Result<std::uint64_t>)> reply) {
    const std::uint64_t number = nextHold++;
    record(caller, "holdMute " + reason + " -> " + std::to_string(number));
    answer([this, reply, number] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(number);
    });
}

void FakeRequests::holdUnmute(const Caller& caller, const std::string& reason,
                              std::function<void(Result<std::uint64_t>)> reply) {
    const std::uint64_t number = nextHold++;
    record(caller, "holdUnmute " + reason + " -> " + std::to_string(number));
    answer([this, reply, number] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(number);
    });
}

void FakeRequests::dropHold(std::uint64_t number) {
    calls.push_back("dropHold " + std::to_string(number));
}

void FakeRequests::release(const Caller& caller, ReplyVoid reply) {
    record(caller, "release");
    answer([reply] { reply({}); });
}

Result<std::vector<ShownSetting>> FakeRequests::config(const Caller& caller) {
    record(caller, "config");
    if (refusal)
        return tl::unexpected(*refusal);
    return settings;
}

void FakeRequests::setConfig(const Caller& caller, const std::string& key, const SettingValue& value,
                             ReplyVoid reply) {
    record(caller, "setConfig " + key);
    values.push_back(value);
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

void FakeRequests::reload(const Caller& caller, ReplyVoid reply) {
    record(caller, "reload");
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

void FakeRequests::setApplicationMuted(const Caller& caller, std::uint64_t application, bool muted,
                                       ReplyVoid reply) {
    record(caller, "setApplicationMuted " + std::to_string(application) + (muted ? " true" : " false"));
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

void FakeRequests::answer(const Caller& caller, std::uint64_t application, bool allow,
                          const std::string& scope, ReplyVoid reply) {
    record(caller, "answer " + std::to_string(application) + (allow ? " allow " : " deny ") + scope);
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

void FakeRequests::muteOwnStreams(const Caller& caller, bool muted, ReplyVoid reply) {
    record(caller, muted ? "muteOwnStreams true" : "muteOwnStreams false");
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

void FakeRequests::callerLeft(const std::string& uniqueName) {
    left.push_back(uniqueName);
}

void FakeRequests::setRule(const Caller& caller, const std::string& app, const std::string& action,
                           const RuleOptions& given, ReplyVoid reply) {
    record(caller, "setRule " + app + " " + action);
    options.push_back(given);
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

void FakeRequests::forget(const Caller& caller, const std::string& app, ReplyVoid reply) {
    record(caller, "forget " + app);
    answer([this, reply] { reply(refusal ? Result<void>(tl::unexpected(*refusal)) : Result<void>()); });
}

Result<std::vector<RuleView>> FakeRequests::rules(const Caller& caller) {
    record(caller, "rules");
    if (refusal)
        return tl::unexpected(*refusal);
    return shownRules;
}

Result<Explanation> FakeRequests::explain(const Caller& caller, const std::string& app) {
    record(caller, "explain " + app);
    if (refusal)
        return tl::unexpected(*refusal);
    return explanation;
}

void FakeRequests::readHistory(const Caller& caller, const history::Filter& filter,
                               std::function<void(Result<std::vector<history::Entry>>)> reply) {
    record(caller, "readHistory");
    filters.push_back(filter);
    answer([this, reply] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(entries);
    });
}

void FakeRequests::report(const Caller& caller, const history::ReportFilter& filter,
                          std::function<void(Result<std::vector<history::ReportRow>>)> reply) {
    record(caller, "report");
    reportFilters.push_back(filter);
    answer([this, reply] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(rows);
    });
}

void FakeRequests::clearHistory(const Caller& caller, const history::ClearFilter& filter,
                                std::function<void(Result<std::uint64_t>)> reply) {
    record(caller, "clearHistory");
    clearFilters.push_back(filter);
    answer([this, reply] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(std::uint64_t{42});
    });
}

void FakeRequests::verify(const Caller& caller, const VerifyOptions& wanted, ReplyVerify reply) {
    record(caller, "verify");
    proofs.push_back(wanted);
    answer([this, reply] {
        if (refusal)
            reply(tl::unexpected(*refusal));
        else
            reply(proven);
    });
}

std::vector<std::pair<std::string, std::string>> FakeRequests::diagnostics() {
    return {{"pipewire.version", "1.4.2"}, {"source.bad\xff.method", "vol\nume"}};
}

Client::Client(const std::string& address) {
    GError* error = nullptr;
    connection_ = g_dbus_connection_new_for_address_sync(
        address.c_str(),
        static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, nullptr, &error);
    if (!connection_)
        fail(std::string("client: ") + error->message);
    g_dbus_connection_set_exit_on_close(connection_, FALSE);
    const auto collect = [](GDBusConnection*, const gchar*, const gchar* path, const gchar*,
                            const gchar* member, GVariant* arguments, gpointer self) {
        static_cast<Client*>(self)->signals_.push_back({path, member, printed(arguments)});
    };
    subscription_ =
        g_dbus_connection_signal_subscribe(connection_, names::busName, nullptr, nullptr, nullptr, nullptr,
                                           G_DBUS_SIGNAL_FLAGS_NONE, collect, this, nullptr);
}

Client::~Client() {
    g_dbus_connection_signal_unsubscribe(connection_, subscription_);
    leave();
    g_object_unref(connection_);
}

void Client::leave() {
    g_dbus_connection_close_sync(connection_, nullptr, nullptr);
}

std::string Client::uniqueName() const {
    return g_dbus_connection_get_unique_name(connection_);
}

namespace {

void onAnswer(GObject* connection, GAsyncResult* result, gpointer userdata) {
    auto& into = *static_cast<std::optional<Answer>*>(userdata);
    GError* error = nullptr;
    GUnixFDList* list = nullptr;
    GVariant* value =
        g_dbus_connection_call_with_unix_fd_list_finish(G_DBUS_CONNECTION(connection), &list, result, &error);
    Answer answer;
    if (value) {
        answer.value.reset(value);
    } else {
        const std::unique_ptr<char, decltype(&g_free)> name(g_dbus_error_get_remote_error(error), g_free);
        answer.error = name ? name.get() : "local";
        g_dbus_error_strip_remote_error(error);
        answer.message = error->message;
        g_error_free(error);
    }
    if (list) {
        int count = 0;
        int* fds = g_unix_fd_list_steal_fds(list, &count);
        answer.fds.assign(fds, fds + count);
        g_free(fds);
        g_object_unref(list);
    }
    into = std::move(answer);
}

} // namespace

void Client::send(const std::string& member, GVariant* arguments, std::optional<Answer>& into) {
    g_dbus_connection_call_with_unix_fd_list(
        connection_, names::busName, names::rootPath, names::guard::interface, member.c_str(), arguments,
        nullptr, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, nullptr, nullptr, onAnswer, &into);
}

void Client::delivered() {
    GVariant* reply = g_dbus_connection_call_sync(
        connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
        nullptr, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr);
    if (reply)
        g_variant_unref(reply);
}

Answer Client::call(const std::string& path, const std::string& interface, const std::string& member,
                    GVariant* arguments) {
    std::optional<Answer> answer;
    g_dbus_connection_call_with_unix_fd_list(
        connection_, names::busName, path.c_str(), interface.c_str(), member.c_str(), arguments, nullptr,
        G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, nullptr, nullptr, onAnswer, &answer);
    if (!runUntil([&] { return answer.has_value(); }))
        fail("no answer to " + member);
    return std::move(*answer);
}

Answer Client::guard(const std::string& member, GVariant* arguments) {
    return call(names::rootPath, names::guard::interface, member, arguments);
}

Variant Client::get(const std::string& path, const std::string& interface, const std::string& property) {
    const Answer answer = call(path, "org.freedesktop.DBus.Properties", "Get",
                               g_variant_new("(ss)", interface.c_str(), property.c_str()));
    if (!answer.value)
        fail(property + ": " + answer.error);
    GVariant* value = nullptr;
    g_variant_get(answer.value.get(), "(v)", &value);
    return Variant(value);
}

std::vector<Signal> Client::signals() {
    call(names::rootPath, "org.freedesktop.DBus.Peer", "Ping");
    return std::exchange(signals_, {});
}

tl::expected<void, std::string> nameTaken(Bus& bus) {
    tl::expected<void, std::string> result = tl::unexpected(std::string("the bus does not answer"));
    bus.takeName(std::chrono::seconds(20),
                 [&](const tl::expected<void, std::string>& said) { result = said; });
    return result;
}

BusFixture::BusFixture() {
    auto connected = Bus::connect(requests);
    if (!connected)
        fail(connected.error());
    bus = std::move(*connected);
    const auto named = nameTaken(*bus);
    if (!named)
        fail(named.error());
    bus->publish(View{});
    client = std::make_unique<Client>(privateBus.address());
    client->signals();
}

} // namespace micguard::test
