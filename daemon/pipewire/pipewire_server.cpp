// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/pipewire_server.hpp"

#include "daemon/pipewire/connection.hpp"
#include "daemon/pipewire/glib_loop.hpp"
#include "daemon/pipewire/socket_watch.hpp"
#include "daemon/process/want.hpp"

#include <glib.h>
#include <pipewire/pipewire.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace micguard {
namespace {

// Between bind() and listen() a socket is there and refuses, and so does a server that has not made its manager socket yet; it needs
// microseconds for both. One that is configured without a manager socket is connected to by the ordinary one when these are over.
constexpr unsigned refusedRetryMs = 2;
constexpr int refusedRetries = 250;
// Without a descriptor or memory to spare nobody can say that there is no server, and a server that has no time does not accept
// (EAGAIN). Tried again so often; what we lack ourselves a new process has, and systemd starts one.
constexpr unsigned wantingRetryMs = 100;
constexpr int wantingRetries = 10;

} // namespace

class PipeWireServer::Impl {
  public:
    Impl(std::function<void(const Event&)> sink, std::function<bool(bool)> readOut, Role role)
        : sink_(std::move(sink))
        , role_(role)
        , loop_(std::move(readOut))
        , watch_(SocketWatch::runtimeFolder(), [this] {
            retries_ = refusedRetries;
            connect();
        }) {}

    ~Impl() { cancelTimer(); }

    void connect() {
        if (connection_)
            return;
        cancelTimer();
        connection_ = Connection::open(loop_.loop(), {sink_, [this](const std::string& why) { lose(why); }},
                                       retries_ > 0 ? Sockets::Manager : Sockets::Any, role_);
        const int error = connection_ ? 0 : errno;
        const bool wanting = isOurOwnWant(error);
        wants_ = wanting ? wants_ + 1 : 0;
        if (wants_ > wantingRetries) {
            g_critical("cannot connect to PipeWire: %s; ending, so that a new process can",
                       g_strerror(error));
            std::_Exit(EXIT_FAILURE); // to write anything down would need the same
        }
        const bool refused = error == ECONNREFUSED && retries_-- > 0;
        const bool retry = refused || wanting || error == EAGAIN;
        if (retry)
            timer_ = g_timeout_add(refused ? refusedRetryMs : wantingRetryMs, onTimer, this);
        sink_(event::Disconnected{connection_ || retry});
    }

    void lose(const std::string& why) {
        g_message("PipeWire is gone: %s", why.c_str());
        sink_(event::Disconnected{true});
        // Not from within the connection's own callback.
        cancelTimer();
        timer_ = g_idle_add_full(G_PRIORITY_HIGH, onTimer, this, nullptr);
        dead_ = true;
    }

    bool alive() const { return connection_ && !dead_; }
    Connection& connection() { return *connection_; }

  private:
    static gboolean onTimer(gpointer data) noexcept {
        auto* self = static_cast<Impl*>(data);
        self->timer_ = 0;
        if (std::exchange(self->dead_, false)) {
            self->connection_.reset();
            self->retries_ = refusedRetries;
        }
        self->connect();
        return G_SOURCE_REMOVE;
    }

    void cancelTimer() {
        if (timer_)
            g_source_remove(std::exchange(timer_, 0));
    }

    std::function<void(const Event&)> sink_;
    const Role role_;
    GlibLoop loop_;
    SocketWatch watch_;
    std::unique_ptr<Connection> connection_; // after the loop: its sources have to leave it first
    bool dead_ = false;
    unsigned timer_ = 0;
    int retries_ = refusedRetries;
    int wants_ = 0; // in a row
};

PipeWireServer::PipeWireServer(std::function<void(const Event&)> sink, std::function<bool(bool)> readOut,
                               bool passing) {
    pw_init(nullptr, nullptr);
    impl_ =
        std::make_unique<Impl>(std::move(sink), std::move(readOut), passing ? Role::Passing : Role::Guard);
}

PipeWireServer::~PipeWireServer() {
    impl_.reset();
    pw_deinit();
}

void PipeWireServer::start() {
    impl_->connect();
}

void PipeWireServer::reconnect() {
    if (impl_->alive())
        impl_->lose("reconnecting on purpose");
}

void PipeWireServer::perform(const Action& action) {
    if (impl_->alive())
        impl_->connection().perform(action);
}

void PipeWireServer::sync(std::uint64_t batch) {
    if (impl_->alive())
        impl_->connection().sync(batch);
}

} // namespace micguard
