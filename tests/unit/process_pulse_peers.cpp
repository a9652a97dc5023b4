// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who holds the connections to a listening socket: real ones, this process being the server.
#include "daemon/process/pulse_peers.hpp"
#include "daemon/process/socket_diagnosis.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
namespace fs = std::filesystem;

namespace {

sockaddr_un addressOf(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

int connectTo(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = addressOf(path);
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
}

// Forks; the child does something, says so, and waits to be ended.
class Child {
  public:
    explicit Child(const std::function<void()>& work) {
        int ready[2];
        REQUIRE(pipe(ready) == 0);
        pid_ = fork();
        if (pid_ == 0) {
            close(ready[0]);
            work();
            (void)!write(ready[1], "x", 1);
            for (;;)
                pause();
        }
        close(ready[1]);
        char said = 0;
        const auto size = read(ready[0], &said, 1);
        close(ready[0]);
        REQUIRE(size == 1);
    }
    ~Child() { end(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    void end() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        pid_ = -1;
    }
    std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

  private:
    pid_t pid_ = -1;
};

class Server {
  public:
    Server() {
        std::string pattern = (fs::temp_directory_path() / "micguard-peers.XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
        listen("native");
    }
    ~Server() {
        for (const int fd : fds_)
            close(fd);
        fs::remove_all(folder_);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string path(const std::string& name = "native") const { return folder_ / name; }
    int listen(const std::string& name) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto address = addressOf(path(name));
        REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd, 8) == 0);
        fds_.push_back(fd);
        return fd;
    }
    void accept(int listening = -1) {
        const int fd = accept4(listening < 0 ? fds_.front() : listening, nullptr, nullptr, SOCK_CLOEXEC);
        REQUIRE(fd >= 0);
        fds_.push_back(fd);
    }
    PulsePeers peers(std::vector<std::uint32_t> candidates = {static_cast<std::uint32_t>(getpid())}) const {
        return readPulsePeers(candidates, path());
    }

  private:
    fs::path folder_;
    std::vector<int> fds_;
};

std::vector<std::uint32_t> pidsOf(const PulsePeers& peers) {
    std::vector<std::uint32_t> pids;
    for (const auto& connection : peers.connections)
        pids.push_back(connection.pid);
    std::sort(pids.begin(), pids.end());
    return pids;
}

std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> pids) {
    std::sort(pids.begin(), pids.end());
    return pids;
}

} // namespace

TEST_CASE("each connection is that of the process that holds its other end") {
    Server server;
    const Child a([&] { connectTo(server.path()); });
    server.accept();
    const Child b([&] { connectTo(server.path()), connectTo(server.path()); });
    server.accept();
    server.accept();
    const auto peers = server.peers();
    CHECK(peers.server == static_cast<std::uint32_t>(getpid()));
    CHECK(pidsOf(peers) == sorted({a.pid(), b.pid(), b.pid()}));
    CHECK(peers.sockets.size() == 3);
    for (const auto& connection : peers.connections)
        CHECK(connection.executableTrue);
}

TEST_CASE("a connection that two processes hold is nobody's") {
    Server server;
    const Child parent([&] {
        connectTo(server.path());
        const pid_t own = getpid();
        if (fork() == 0) {
            // Not until its parent is 1: under a subreaper it never is.
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (getppid() == own)
                pause();
            _exit(0);
        }
    });
    server.accept();
    CHECK(pidsOf(server.peers()) == std::vector<std::uint32_t>{0});
}

TEST_CASE("a connection that its client has left is still one, of nobody") {
    Server server;
    Child client([&] { connectTo(server.path()); });
    server.accept();
    client.end();
    CHECK(pidsOf(server.peers()) == std::vector<std::uint32_t>{0});
}

TEST_CASE("a connection that is not accepted yet is none") {
    Server server;
    const Child client([&] { connectTo(server.path()); });
    const auto peers = server.peers();
    CHECK(peers.server != 0);
    CHECK(peers.connections.empty());
}

TEST_CASE("connections over another of the server's sockets count, those to somebody else's do not") {
    Server server;
    const int second = server.listen("second");
    Server other;
    const Child a([&] { connectTo(server.path("second")); });
    server.accept(second);
    const Child b([&] { connectTo(other.path()); });
    CHECK(pidsOf(server.peers()) == std::vector<std::uint32_t>{a.pid()});
}

TEST_CASE("whoever connects from another network namespace is somebody unknown") {
    Server server;
    const Child client([&] {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            _exit(1);
        connectTo(server.path());
    });
    server.accept();
    const auto peers = server.peers();
    // The accepted socket is of the client's namespace.
    CHECK(pidsOf(peers) == std::vector<std::uint32_t>{0});
}

TEST_CASE("the server is who listens at that very path") {
    Server server;
    const auto own = static_cast<std::uint32_t>(getpid());
    SECTION("a candidate that holds no such socket is none") {
        CHECK(server.peers({static_cast<std::uint32_t>(getppid())}).server == 0);
    }
    SECTION("two that hold it cannot be told apart") {
        const Child heir([] {}); // inherits it, for close-on-exec is not close-on-fork
        CHECK(server.peers({own, heir.pid()}).server == 0);
        CHECK(server.peers({own}).server == own);
    }
    SECTION("somebody else's socket in its place") {
        fs::rename(server.path(), server.path("moved"));
        CHECK(server.peers().server == 0);
        server.listen("native");
        CHECK(server.peers().server == own);
    }
    SECTION("no socket") {
        CHECK(readPulsePeers({own}, server.path("none")).server == 0);
        CHECK(readPulsePeers({own}, "").server == 0);
    }
}

TEST_CASE("the kernel lists both ends of a connection") {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const auto sockets = listUnixSockets();
    REQUIRE(sockets);
    const auto inodeOf = [](int fd) {
        const auto link = fs::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
        return static_cast<std::uint32_t>(std::stoul(link.substr(8)));
    };
    const auto found = std::find_if(sockets->begin(), sockets->end(), [&](const UnixSocket& socket) {
        return socket.inode == inodeOf(ends[0]);
    });
    REQUIRE(found != sockets->end());
    CHECK(found->peer == inodeOf(ends[1]));
    CHECK(found->connected);
    close(ends[0]);
    close(ends[1]);
}
