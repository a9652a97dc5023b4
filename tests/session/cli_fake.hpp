// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stand-in for the guard (cli_fake_guard.cpp) as a test has it.
#pragma once

#include "tests/session/cli_private_bus.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace micguard::test {

class Fake : public Process {
  public:
    explicit Fake(const PrivateBus& bus, std::vector<std::string> more = {})
        : Process({fakeGuard()}, with(bus.environment(), std::move(more))) {
        if (line() != "ready")
            throw std::runtime_error("the stand-in did not start");
    }
    void tell(const std::string& command) {
        write(command + "\n");
        if (line() != "done")
            throw std::runtime_error("the stand-in did not understand " + command);
    }
    // What it was called since it was asked last, in order: "SetMuted Get".
    std::string calls() {
        write("calls\n");
        const std::string names = line();
        if (line() != "done")
            throw std::runtime_error("the stand-in does not say what it was called");
        return names;
    }

  private:
    static std::vector<std::string> with(std::vector<std::string> list, std::vector<std::string> more) {
        list.insert(list.end(), more.begin(), more.end());
        return list;
    }
};

} // namespace micguard::test
