// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs micguard-verify, which listens as an ordinary client does and takes its hold over the bus, as anybody
// does: the daemon only hands on what it prints. Nothing of the daemon's own view goes into it.
#pragma once

#include "daemon/model/verify_view.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

// Main context only; nothing of it waits but its end, for a process that is just being started. Destroying it ends what runs, and
// answers nobody.
class Verifier {
  public:
    using Results = std::vector<VerifyResult>;
    // Error: why there are no results, for people.
    using Done = std::function<void(tl::expected<Results, std::string>)>;

    explicit Verifier(std::string program);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    const std::string& program() const { return program_; }
    bool busy() const { return run_ != nullptr; }
    // Only if not busy. `owner`: who wants to know; when he has left, so has the reason for it.
    void start(const VerifyOptions& options, const std::string& owner, Done done);
    void ownerLeft(const std::string& owner);

  private:
    struct Run;
    void started();
    std::string program_;
    std::unique_ptr<Run> run_;
};

// What micguard-verify has printed; lines of other kinds are left out.
Verifier::Results resultsFrom(const std::string& output);

} // namespace micguard
