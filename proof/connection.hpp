// SPDX-License-Identifier: GPL-3.0-or-later
//
// An ordinary client's connection to PipeWire, on the ordinary socket: what can be seen there, and links made
// by hand. libpipewire has a thread of its own; whoever touches anything of it holds the Lock. Shares no code
// with the daemon, whose word is what is looked into.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <pipewire/pipewire.h>
#include <tl/expected.hpp>

namespace micguard::proof {

using Properties = std::map<std::string, std::string>;

struct SeenPort {
    std::uint32_t id = 0, number = 0; // `number` within its node
    bool output = false;
    bool visible = true; // or was
};

struct SeenNode {
    std::uint32_t id = 0;
    std::string serial;
    Properties properties;                   // the registry's, then all of them
    std::map<std::uint32_t, SeenPort> ports; // by id; also those that have been hidden since
    bool visible = true;

    std::string property(const std::string& key) const;
    std::string name() const { return property("node.name"); }
    std::vector<std::uint32_t> portsOf(bool output) const; // by number
};

struct SeenLink {
    std::uint32_t outputNode = 0, inputNode = 0;
};

class Loop {
  public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    pw_thread_loop* get() const { return loop_; }
    pw_context* context() const { return context_; }

  private:
    pw_thread_loop* loop_;
    pw_context* context_;
};

class Lock {
  public:
    explicit Lock(const Loop& loop)
        : loop_(loop.get()) {
        pw_thread_loop_lock(loop_);
    }
    ~Lock() { pw_thread_loop_unlock(loop_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    pw_thread_loop* loop_;
};

// Made, used and destroyed under the Lock, except for roundTrip(), which takes it. Owns the proxies.
class Connection {
  public:
    static tl::expected<std::unique_ptr<Connection>, std::string> open(Loop& loop, const std::string& name);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Without the Lock. All that was sent is answered, and all that could be seen then is; false if time is
    // up.
    bool roundTrip(std::chrono::milliseconds patience);

    pw_core* core() const { return core_; }
    bool lost() const { return lost_; }
    // By serial: whoever was hidden and is shown again is the same, with its ports.
    const std::map<std::string, SeenNode>& nodes() const { return nodes_; }
    const SeenNode* node(std::uint32_t id) const;                             // one that is visible
    const std::map<std::uint32_t, SeenLink>& links() const { return links_; } // that are visible now

  private:
    struct Bound {
        Connection* owner = nullptr;
        std::uint32_t id = 0;
        pw_proxy* proxy = nullptr;
        spa_hook hook{};
    };
    explicit Connection(Loop& loop)
        : loop_(loop) {}
    void seen(std::uint32_t id, const char* type, const spa_dict* properties);
    void removed(std::uint32_t id);
    SeenNode* visibleNode(std::uint32_t id);

    static const pw_core_events coreEvents;
    static const pw_registry_events registryEvents;
    static const pw_node_events nodeEvents;

    Loop& loop_;
    pw_core* core_ = nullptr;
    pw_registry* registry_ = nullptr;
    spa_hook coreHook_{}, registryHook_{};
    std::map<std::string, SeenNode> nodes_;
    std::map<std::uint32_t, std::string> serials_; // of visible nodes
    std::map<std::uint32_t, std::string> portsOf_; // visible ports: their node's serial
    std::map<std::uint32_t, SeenLink> links_;
    std::map<std::uint32_t, Bound> bound_;
    int done_ = -1;
    bool lost_ = false;
};

// Links that shall be, asked for again whenever one is missing: as a careless application does it.
class Links {
  public:
    explicit Links(Connection& connection)
        : connection_(connection) {}
    ~Links();
    Links(const Links&) = delete;
    Links& operator=(const Links&) = delete;

    // One attempt for each that is not there or under way; by the properties of the link factory.
    void want(const std::vector<Properties>& wishes);

  private:
    // Each refusal is a line in the server's log.
    static constexpr std::chrono::milliseconds patience{250};
    struct Link {
        Links* owner = nullptr;
        Properties wish;
        pw_proxy* proxy = nullptr;
        spa_hook hook{};
    };
    static const pw_proxy_events events;

    Connection& connection_;
    std::list<Link> links_;
    std::chrono::steady_clock::time_point notBefore_{};
};

pw_properties* toProperties(const Properties& from);

} // namespace micguard::proof
