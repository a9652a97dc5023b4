// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two ways to listen to one source, as two kinds of application do: a stream that asks the session manager
// for it, and a node that links itself to every port it knows or knew of. Both run at the graph's rate, so
// that silence arrives as exact zeros; each counts in PipeWire's data thread.
#pragma once

#include "proof/connection.hpp"
#include "proof/meter.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <pipewire/filter.h>

namespace micguard::proof {

class StreamEar {
  public:
    // `target`: node.name or object.serial. Only that one: no other source is taken in its place.
    StreamEar(Connection& connection, const Course& course, const std::string& target);
    ~StreamEar();
    StreamEar(const StreamEar&) = delete;
    StreamEar& operator=(const StreamEar&) = delete;

    std::uint32_t nodeId() const { return pw_stream_get_node_id(stream_); }
    Figures figures(Part part) const { return meter_.figures(part); }

  private:
    static const pw_stream_events events;
    void process();

    Meter meter_;
    std::atomic<std::uint32_t> rate_{48000};
    std::uint32_t channels_ = 1;
    pw_stream* stream_ = nullptr;
    spa_hook hook_{};
};

class LinkedEar {
  public:
    // One input for each port of the source: what is in two of them with opposite signs would cancel out in
    // one.
    LinkedEar(Connection& connection, const Course& course, std::size_t ports);
    ~LinkedEar();
    LinkedEar(const LinkedEar&) = delete;
    LinkedEar& operator=(const LinkedEar&) = delete;

    // Links what is not linked.
    // `source`: null if it was never seen; then by its name.
    void tend(const std::string& name, const SeenNode* source);
    std::uint32_t nodeId() const { return pw_filter_get_node_id(filter_); }
    Figures figures(Part part) const;

  private:
    struct Input {
        explicit Input(const Course& course)
            : meter(course) {}
        Meter meter;
        void* port = nullptr;
    };
    static const pw_filter_events events;

    Connection& connection_;
    std::deque<Input> inputs_; // not added to once the filter runs
    pw_filter* filter_ = nullptr;
    spa_hook hook_{};
    Links links_;
};

// Plays a sine into a node's input ports, over a connection of its own: with one connection for both, whoever
// hears it and whoever makes it would be taken for a filter between them.
class Tone {
  public:
    explicit Tone(Connection& connection);
    ~Tone();
    Tone(const Tone&) = delete;
    Tone& operator=(const Tone&) = delete;

    void tend(const SeenNode& into);

  private:
    static const pw_filter_events events;

    Connection& connection_;
    void* port_ = nullptr;
    double phase_ = 0;
    pw_filter* filter_ = nullptr;
    spa_hook hook_{};
    Links links_;
};

} // namespace micguard::proof
