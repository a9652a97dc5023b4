// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pipe's reading end stays here, unread: all that is ever waited for is that the writing end is closed,
// which the kernel tells at once, however its holder died.
#include "daemon/bus/holds.hpp"

#include "protocol/names.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <glib-unix.h>

namespace micguard {

struct Holds::Hold {
    Holds* owner;
    std::uint64_t number;
    Kind kind;
    std::string holder; // unique name
    std::uint32_t pid;
    UniqueFd end;
    GSource* watch;

    Hold(Holds* holds, std::uint64_t number_, Kind kind_, std::string holder_, std::uint32_t pid_,
         UniqueFd end_)
        : owner(holds)
        , number(number_)
        , kind(kind_)
        , holder(std::move(holder_))
        , pid(pid_)
        , end(std::move(end_))
        , watch(g_unix_fd_source_new(end.get(), static_cast<GIOCondition>(G_IO_HUP | G_IO_ERR))) {
        g_source_set_callback(watch, G_SOURCE_FUNC(onClosed), this, nullptr);
        g_source_set_priority(watch, G_PRIORITY_HIGH); // push-to-talk: a dead holder must not wait in a queue
        g_source_attach(watch, nullptr);
    }
    ~Hold() {
        g_source_destroy(watch);
        g_source_unref(watch);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
};

Holds::Holds(Requests& requests)
    : requests_(requests) {}

Holds::~Holds() {
    for (HoldRequest* request : requested_)
        request->holds_ = nullptr;
}

Result<std::shared_ptr<HoldRequest>> Holds::reserve(Kind kind, const Caller& caller,
                                                    std::shared_ptr<PendingCall> call) {
    // A process may have any number of connections, so it is counted by its pid where that is known.
    const auto same = [&](std::uint32_t pid, const std::string& name) {
        return caller.pid != 0 ? pid == caller.pid : name == caller.uniqueName;
    };
    std::size_t own = 0;
    for (const auto& [number, hold] : open_)
        own += same(hold->pid, hold->holder) ? 1 : 0;
    for (const HoldRequest* request : requested_)
        own += same(request->pid_, request->owner_) ? 1 : 0;
    if (own >= mostPerProcess)
        return tl::unexpected(RequestError{names::error::limitExceeded, "this process has 16 holds already"});
    if (open_.size() + requested_.size() >= most)
        return tl::unexpected(RequestError{names::error::limitExceeded, "there are 256 holds already"});
    return std::shared_ptr<HoldRequest>(new HoldRequest(*this, kind, caller, std::move(call)));
}

void Holds::granted(HoldRequest& request, std::uint64_t number) {
    if (request.ownerLeft_)
        return requests_.dropHold(number);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        request.call_->refuse({names::error::limitExceeded, "no pipe: " + errnoText(-errno)});
        return requests_.dropHold(number);
    }
    const UniqueFd theirs(ends[1]);
    open_.emplace(number, std::make_unique<Hold>(this, number, request.kind_, request.owner_, request.pid_,
                                                 UniqueFd(ends[0])));
    // If the reply cannot be sent, `theirs` was the only writing end, and the hold is dropped like any other.
    request.call_->answer(theirs);
}

void Holds::ended(std::uint64_t number) {
    open_.erase(number);
}

void Holds::drop(std::uint64_t number) {
    if (open_.erase(number) != 0)
        requests_.dropHold(number);
}

gboolean Holds::onClosed(gint, GIOCondition, gpointer userdata) noexcept {
    const auto* hold = static_cast<Hold*>(userdata);
    hold->owner->drop(hold->number); // destroys hold and the source
    return G_SOURCE_REMOVE;
}

void Holds::ownerLeft(const std::string& uniqueName) {
    leave([&](const std::string& owner) { return owner == uniqueName; });
}

void Holds::busLost() {
    leave([](const std::string&) { return true; });
}

// Only a hold to unmute needs a holder who is on the bus: one to mute lasts as long as its descriptor, so that leaving opens
// no microphone.
void Holds::leave(const std::function<bool(const std::string&)>& gone) {
    for (HoldRequest* request : requested_)
        if (gone(request->owner_))
            request->ownerLeft_ = true;
    std::vector<std::uint64_t> numbers; // dropHold may come back here
    for (const auto& [number, hold] : open_)
        if (hold->kind == Kind::Unmute && gone(hold->holder))
            numbers.push_back(number);
    for (const std::uint64_t number : numbers)
        drop(number);
}

HoldRequest::HoldRequest(Holds& holds, Holds::Kind kind, const Caller& caller,
                         std::shared_ptr<PendingCall> call)
    : holds_(&holds)
    , kind_(kind)
    , owner_(caller.uniqueName)
    , pid_(caller.pid)
    , call_(std::move(call)) {
    holds.requested_.insert(this);
}

HoldRequest::~HoldRequest() {
    if (holds_)
        holds_->requested_.erase(this);
}

void HoldRequest::decided(const Result<std::uint64_t>& number) {
    if (!holds_)
        return; // the bus is gone, and with it whoever asked
    // Decided once, and no longer counted among the undecided.
    Holds& holds = *std::exchange(holds_, nullptr);
    holds.requested_.erase(this);
    if (number)
        holds.granted(*this, *number);
    else
        call_->refuse(number.error());
}

} // namespace micguard
