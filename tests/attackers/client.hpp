// SPDX-License-Identifier: GPL-3.0-or-later
// What the attackers share: options, a loop that ends in order, a connection that knows what exists, links, and ears.
// They are clients like any other: nothing here reaches into the server or the guard by other means than PipeWire's
// protocol. One thread, except that ears count in PipeWire's data thread.
#pragma once

#include "tests/support/analyser.hpp"

#include <nlohmann/json.hpp>
#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace micguard::attack {

using test::StreamStats;
using Properties = std::map<std::string, std::string>;

struct Options {
    std::string program;
    std::string source;      // node.name of the microphone; empty: any
    std::string remote;      // remote.name; empty: the ordinary socket
    std::uint64_t count = 0; // attempts after which it gives up; 0: no limit
    double seconds = 0;      // 0: until SIGTERM
    std::string statsPath;   // a file in which a starter may follow what is heard (test::StreamStats)
    std::set<std::string> flags;
    Properties values;
    std::vector<std::string> rest;

    bool has(const std::string& flag) const { return flags.contains(flag); }
    std::string value(const std::string& key, const std::string& otherwise) const;
};

// Ends the process with code 2 and one line of usage where it cannot make sense of the arguments. `flags` and `values`
// are the program's own options, without their dashes.
Options parseOptions(int argc, char** argv, std::initializer_list<const char*> flags = {},
                     std::initializer_list<const char*> values = {}, bool takesRest = false);

// One line of JSON: what was tried, what the server took, what was heard. Owns the figures that ears write.
class Report {
  public:
    Report(const Options& options, int tier);
    ~Report();
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;

    std::uint64_t attempts = 0, accepted = 0, refused = 0;
    StreamStats& stats() { return *stats_; }
    template <typename T>
    void note(const std::string& key, const T& value) {
        more_[key] = value;
    }
    bool exhausted() const { return limit_ != 0 && attempts >= limit_; }
    void print();

  private:
    nlohmann::ordered_json more_ = nlohmann::ordered_json::object();
    std::string program_;
    int tier_;
    std::uint64_t limit_;
    StreamStats own_{};
    StreamStats* stats_ = nullptr;
};

class Loop {
  public:
    explicit Loop(const Options& options);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    pw_loop* get() const { return pw_main_loop_get_loop(loop_); }
    pw_context* context() const { return context_; }
    bool ended() const { return ended_; }
    void end() { ended_ = true; }
    // Until SIGTERM, SIGINT, the end of --seconds, or end().
    void run();
    // Until the predicate holds or time is up. False if it does not hold.
    bool runUntil(const std::function<bool()>& predicate, std::chrono::microseconds timeout);
    // From now on until the loop ends. At most one of these.
    void every(std::chrono::microseconds interval, std::function<void()> work);

  private:
    void arm(spa_source* timer, std::chrono::microseconds first, std::chrono::microseconds interval) const;

    pw_main_loop* loop_ = nullptr;
    pw_context* context_ = nullptr;
    spa_source* ticker_ = nullptr;
    std::function<void()> work_;
    bool ended_ = false;
};

struct Global {
    std::uint32_t id = 0;
    std::uint32_t permissions = 0;
    std::string type; // PW_TYPE_INTERFACE_*
    Properties properties;
    std::string property(const std::string& key) const;
};

class Connection {
  public:
    // Null if there is no server. Nothing is waited for: what is sent next goes out with the greeting.
    // `claims`: what it says of itself besides.
    static std::unique_ptr<Connection> open(Loop& loop, const Options& options, const std::string& name,
                                            const Properties& claims = {});
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Loop& loop() const { return loop_; }
    pw_core* core() const { return core_; }
    pw_registry* registry() const { return registry_; }
    bool lost() const { return lost_; }
    std::uint64_t errors() const { return errors_; }
    // Everything sent before has been answered. False if the connection was lost.
    bool roundTrip();

    // What is visible now, and what ever was: a hidden object's id is still worth a try.
    const std::map<std::uint32_t, Global>& globals() const { return globals_; }
    std::optional<Global> node(const std::string& name) const;
    std::optional<Global> formerNode(const std::string& name) const;
    std::vector<Global> ofType(const char* type) const;
    std::vector<std::uint32_t> formerPorts(std::uint32_t node, const char* direction) const;
    // The proxy belongs to the connection. Null if it cannot be bound.
    pw_proxy* bind(const Global& global, std::uint32_t version);
    std::function<void(const Global&)> onGlobal;
    std::function<void(std::uint32_t)> onGlobalRemoved;

  private:
    explicit Connection(Loop& loop)
        : loop_(loop) {}
    static const pw_core_events coreEvents;
    static const pw_registry_events registryEvents;

    Loop& loop_;
    pw_core* core_ = nullptr;
    pw_registry* registry_ = nullptr;
    spa_hook coreHook_{}, registryHook_{};
    std::map<std::uint32_t, Global> globals_, former_;
    std::map<std::uint32_t, pw_proxy*> bound_;
    std::uint64_t errors_ = 0;
    int done_ = -1;
    bool lost_ = false;
};

// Links wanted by this client, asked for again and again.
class Links {
  public:
    Links(Connection& connection, Report& report)
        : connection_(connection)
        , report_(report) {}
    ~Links();
    Links(const Links&) = delete;
    Links& operator=(const Links&) = delete;

    // Names or ids of nodes and ports; an empty one is left out. Counts as an attempt, and as accepted once the
    // server has made it.
    void request(const std::string& outputNode, const std::string& outputPort, const std::string& inputNode,
                 const std::string& inputPort);
    // Every port the source has or had, by id, or its first port by name if it was never seen.
    void requestAll(const std::string& source, const std::string& ownNode);
    void dropAll();
    std::size_t standing() const;

  private:
    struct Link {
        Links* owner = nullptr;
        pw_proxy* proxy = nullptr;
        spa_hook hook{};
        bool made = false;
    };
    static const pw_proxy_events proxyEvents;
    void sweep();

    Connection& connection_;
    Report& report_;
    std::list<Link> links_;
};

// A JACK-like node with one input port, that no session manager links.
class FilterEar {
  public:
    FilterEar(Connection& connection, Report& report, const std::string& name, const Properties& more = {});
    ~FilterEar();
    FilterEar(const FilterEar&) = delete;
    FilterEar& operator=(const FilterEar&) = delete;
    std::uint32_t nodeId() const { return pw_filter_get_node_id(filter_); }

  private:
    static const pw_filter_events events;
    test::Analyser analyser_;
    StreamStats& stats_;
    pw_filter* filter_ = nullptr;
    void* port_ = nullptr;
    spa_hook hook_{};
};

// An ordinary capture stream that the session manager links.
class StreamEar {
  public:
    // `target`: node.name, empty for the default microphone.
    StreamEar(Connection& connection, Report& report, const std::string& target, const Properties& more = {});
    ~StreamEar();
    StreamEar(const StreamEar&) = delete;
    StreamEar& operator=(const StreamEar&) = delete;
    pw_stream* stream() const { return stream_; }
    // Takes what has arrived; called in the data thread unless `holdBack` is set.
    void drain();
    std::atomic<bool> holdBack = false;

  private:
    static const pw_stream_events events;
    test::Analyser analyser_;
    StreamStats& stats_;
    pw_stream* stream_ = nullptr;
    spa_hook hook_{};
};

// pw_init, the options, and the program's own part; nothing escapes.
int runAttack(int argc, char** argv, const Options& options, const std::function<int()>& attack);

} // namespace micguard::attack
