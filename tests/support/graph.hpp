// SPDX-License-Identifier: GPL-3.0-or-later
// The tests' own view of a PipeWire server: what exists, and waiting until it does. Has a thread of its own
// for libpipewire; every method may be called from any other thread. Shares no code with the daemon under
// test.
#pragma once

#include "tests/support/process.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace micguard::test {

using PropertyMap = std::map<std::string, std::string>;

struct GraphObject {
    std::uint32_t id = 0;
    std::string type; // Node, Port, Link, Client, Device, Module, Metadata, Factory, Core, ...
    PropertyMap properties;
    std::string state; // nodes: creating suspended idle running error
    [[nodiscard]] std::string property(const std::string& key) const;
};

using GraphObjects = std::map<std::uint32_t, GraphObject>;

class Graph {
  public:
    // Throws std::runtime_error if the server cannot be reached. `socket` is the path of the server's socket.
    explicit Graph(const std::string& socket, const PropertyMap& clientProperties = {});
    ~Graph();
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    [[nodiscard]] bool connected() const;
    [[nodiscard]] GraphObjects objects() const;
    // True as soon as the predicate holds; false if it does not until time is up or the connection is lost.
    bool waitFor(const std::function<bool(const GraphObjects&)>& predicate,
                 Milliseconds timeout = kPatience) const;
    // Everything that was sent before has been handled by the server and its events have arrived.
    void sync() const;

    [[nodiscard]] std::optional<GraphObject> node(const std::string& name) const;
    // Throws if it does not appear in time.
    GraphObject waitForNode(const std::string& name, Milliseconds timeout = kPatience) const;
    bool waitForNoNode(const std::string& name, Milliseconds timeout = kPatience) const;

    // Creates an object with one of the server's factories; this connection owns it unless `object.linger` is
    // set. Returns its global id, or throws with the server's error.
    std::uint32_t create(const std::string& factory, const char* type, const PropertyMap& properties);
    // Asks the server to destroy a global, whoever made it.
    void destroy(std::uint32_t id);
    // Links every output port of the one node to an input port of the other. Returns when the links exist.
    std::vector<std::uint32_t> link(const std::string& outputNode, const std::string& inputNode,
                                    Milliseconds timeout = kPatience);
    // Links them now and whenever the link is missing, until letGo(): a session manager that starts
    // configures ports anew, at which links go. Returns when the first link exists.
    void keepLinked(const std::string& outputNode, const std::string& inputNode,
                    Milliseconds timeout = kPatience);
    void letGo(const std::string& outputNode, const std::string& inputNode);
    // Sends Props with `volume` (the adapter's own knob, which volume controls do not write) and waits for
    // the answer.
    void setNodeVolume(std::uint32_t id, float volume);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace micguard::test
