// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/easy_effects.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace micguard::test {
namespace {

constexpr int kNumberFd = 3; // Xvfb writes the number of the display here once it can be used

std::string firstLine(int fd) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    std::string line;
    while (!line.ends_with('\n')) {
        const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
        pollfd entry{fd, POLLIN, 0};
        std::array<char, 64> piece{};
        ssize_t count = 0;
        if (left.count() > 0 && ::poll(&entry, 1, static_cast<int>(left.count())) > 0)
            count = ::read(fd, piece.data(), piece.size());
        if (count <= 0)
            throw std::runtime_error("Xvfb did not get ready");
        line.append(piece.data(), static_cast<std::size_t>(count));
    }
    line.pop_back();
    return line;
}

// Its source is fed by the last of its filters, which it links last.
bool isWhole(PrivateSession& session, const std::filesystem::path& log) {
    const auto said = [&] { return readFile(log).find("failed") != std::string::npos; };
    const bool fed = session.graph().waitFor(
        [&](const GraphObjects& objects) {
            const auto isSource = [](const auto& one) {
                return one.second.property("node.name") == EasyEffects::kSource;
            };
            const auto source = std::find_if(objects.begin(), objects.end(), isSource);
            return source != objects.end() &&
                   std::any_of(objects.begin(), objects.end(), [&](const auto& one) {
                       return one.second.property("link.input.node") == std::to_string(source->first);
                   });
        },
        Milliseconds(5000));
    return fed && !said();
}

} // namespace

EasyEffects::EasyEffects(PrivateSession& session) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    const UniqueFd number(ends[0]);
    UniqueFd writing(ends[1]);
    SpawnOptions options;
    options.environment = session.environment();
    options.log = session.logPath("xvfb.log");
    options.descriptors = {{writing.get(), kNumberFd}};
    display_ = Process::spawn(
        {"Xvfb", "-displayfd", std::to_string(kNumberFd), "-screen", "0", "640x480x24", "-nolisten", "tcp"},
        options);
    writing.reset();
    const std::string display = ":" + firstLine(number.get());
    // On a busy machine it links its own filters before they are there, says so, and passes nothing on for good.
    for (int attempt = 0; attempt < 5; attempt++) {
        const std::string log = "easyeffects-" + std::to_string(attempt);
        program_ = session.spawn({"env", "DISPLAY=" + display, "GSETTINGS_BACKEND=memory", "easyeffects",
                                  "--gapplication-service"},
                                 log);
        session.graph().waitForNode(kSource);
        if (isWhole(session, session.logPath(log + ".log")))
            return;
        program_.stop();
        session.graph().waitForNoNode(kSource);
    }
    throw std::runtime_error("EasyEffects does not link its own filters");
}

} // namespace micguard::test
