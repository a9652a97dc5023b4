// SPDX-License-Identifier: GPL-3.0-or-later
//
// A socket in the journal's place: what arrives there, and that nobody waits for it.
#include "daemon/journal/journal.hpp"
#include "tests/unit/bypass_tree.hpp"

#include <chrono>
#include <cstdio>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::journal;
using micguard::test::Tree;

namespace {

class Ear {
  public:
    explicit Ear(const std::string& path)
        : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    ~Ear() { close(fd_); }
    Ear(const Ear&) = delete;
    Ear& operator=(const Ear&) = delete;
    std::string take() const {
        std::string text(65536, '\0');
        const auto size = recv(fd_, text.data(), text.size(), 0);
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return text;
    }

  private:
    int fd_;
};

Line line() {
    return lineOf(Kind::Unmuted, "microphones are live again", {{"MICGUARD_REASON", "me"}});
}

} // namespace

TEST_CASE("a line arrives as one datagram, whenever the journal is there") {
    const Tree tree;
    const std::string path = tree.root() / "socket";
    Journal journal(path);
    journal.send(line()); // to stderr
    for (int round = 0; round < 2; round++) {
        const Ear ear(path);
        journal.send(line());
        CHECK(ear.take() == nativeForm(line()));
        CHECK(ear.take().empty());
        unlink(path.c_str());
    }
}

TEST_CASE("a journal that does not read loses lines and keeps nobody waiting") {
    const Tree tree;
    const std::string path = tree.root() / "socket";
    const Ear ear(path);
    Journal journal(path);
    // Would wait for good.
    for (int i = 0; i < 20'000; i++)
        journal.send(line());
    std::size_t arrived = 0;
    while (!ear.take().empty())
        arrived++;
    CHECK(arrived > 0);
    CHECK(arrived < 20'000);
}
