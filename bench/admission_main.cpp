// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-bench-admission [--clients N] [--rounds N]: how long clients of PipeWire wait for their first
// answer, one after the other and all at once, under relaxed admission, under strict admission with a bare
// authority that gives everybody everything, and with the guard, by turns in one run. What the bare one takes
// is the server's; what the guard takes beyond it is its own.
#include "tests/support/session.hpp"

#include <pipewire/pipewire.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace micguard::test;

namespace {

using Clock = std::chrono::steady_clock;
using Micros = std::vector<double>;

// A client, from the moment of its connecting until the server has answered it.
class Client {
  public:
    Client(pw_context* context, const std::string& socket)
        : start_(Clock::now())
        , core_(pw_context_connect(
              context,
              pw_properties_new(PW_KEY_REMOTE_NAME, socket.c_str(), PW_KEY_APP_NAME, "crowd", nullptr), 0)) {
        static constexpr pw_core_events events = [] {
            pw_core_events table{};
            table.version = PW_VERSION_CORE_EVENTS;
            table.done = [](void* data, std::uint32_t id, int) noexcept {
                if (id == PW_ID_CORE)
                    static_cast<Client*>(data)->answered_ = Clock::now();
            };
            return table;
        }();
        if (core_ == nullptr)
            throw std::runtime_error("no server at " + socket);
        pw_core_add_listener(core_, &hook_, &events, this);
        pw_core_sync(core_, PW_ID_CORE, 0);
    }
    ~Client() {
        spa_hook_remove(&hook_);
        pw_core_disconnect(core_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool answered() const { return answered_ != Clock::time_point{}; }
    double micros() const { return std::chrono::duration<double, std::micro>(answered_ - start_).count(); }

  private:
    Clock::time_point start_, answered_{};
    pw_core* core_;
    spa_hook hook_{};
};

class Bench {
  public:
    explicit Bench(const PrivateSession& session)
        : socket_((session.runtimeDirectory() / "pipewire-0").string())
        , loop_(pw_main_loop_new(nullptr))
        , context_(pw_context_new(pw_main_loop_get_loop(loop_), nullptr, 0)) {}
    ~Bench() {
        pw_context_destroy(context_);
        pw_main_loop_destroy(loop_);
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Micros together(unsigned count) {
        std::list<Client> clients;
        for (unsigned i = 0; i < count; i++)
            clients.emplace_back(context_, socket_);
        const auto end = Clock::now() + kPatience;
        pw_loop* loop = pw_main_loop_get_loop(loop_);
        pw_loop_enter(loop);
        while (!std::all_of(clients.begin(), clients.end(),
                            [](const Client& client) { return client.answered(); })) {
            if (Clock::now() > end)
                throw std::runtime_error("clients were not answered in time");
            pw_loop_iterate(loop, 100);
        }
        pw_loop_leave(loop);
        Micros all;
        for (const Client& client : clients)
            all.push_back(client.micros());
        return all;
    }

  private:
    std::string socket_;
    pw_main_loop* loop_;
    pw_context* context_;
};

void append(Micros& to, const Micros& more) {
    to.insert(to.end(), more.begin(), more.end());
}

double at(const Micros& sorted, double part) {
    return sorted[std::min(sorted.size() - 1,
                           static_cast<std::size_t>(part * static_cast<double>(sorted.size())))] /
           1000;
}

enum class Who { relaxed, bare, guard };
constexpr std::array everyone{std::pair{Who::relaxed, "relaxed"}, std::pair{Who::bare, "strict, bare"},
                              std::pair{Who::guard, "strict, guard"}};

using Waits = std::map<Who, Micros>;

void show(const std::string& what, Waits& waits) {
    std::printf("%s, ms until the first answer\n                  median     90 %%     99 %%  longest\n",
                what.c_str());
    for (const auto& [who, name] : everyone) {
        Micros& all = waits[who];
        std::sort(all.begin(), all.end());
        std::printf("  %-14s %8.2f %8.2f %8.2f %8.2f   of %zu\n", name, at(all, 0.5), at(all, 0.9),
                    at(all, 0.99), at(all, 1), all.size());
    }
}

void measure(Who who, unsigned clients, Waits& alone, Waits& crowd) {
    SessionOptions options;
    options.mics.push_back({.kind = MicKind::tone, .name = "tone"});
    const char* built = std::getenv("MICGUARDD");
    options.micguardd = built ? built : MICGUARDD_BUILT;
    if (who == Who::bare)
        options.micguardd = BARE_AUTHORITY;
    options.strict = who != Who::relaxed;
    options.micguardConfig =
        std::string("[admission]\nmode = \"") + (options.strict ? "strict" : "relaxed") + "\"\n";
    const PrivateSession session(options);
    Bench bench(session);
    for (unsigned i = 0; i < clients; i++)
        append(alone[who], bench.together(1));
    append(crowd[who], bench.together(clients));
}

} // namespace

int main(int argc, char** argv) {
    unsigned clients = 200, rounds = 5;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        (name == "--clients" ? clients : rounds) =
            static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    }
    pw_init(&argc, &argv);
    try {
        Waits alone, crowd;
        for (unsigned round = 0; round < rounds; round++)
            for (const auto& [who, name] : everyone)
                measure(who, clients, alone, crowd);
        show("one after the other", alone);
        show(std::to_string(clients) + " at once", crowd);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "micguard-bench-admission: %s\n", error.what());
        return 1;
    }
    pw_deinit();
    return 0;
}
