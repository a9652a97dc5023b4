// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/history/keeper.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard::history {
namespace {

constexpr Moment second = 1'000'000;
constexpr Moment day = 86'400 * second;
// Ages are looked at so often; the size with every batch.
constexpr Moment pruneEvery = 3600 * second;

// SQLite's own, beside the file.
constexpr std::array endings = {"", "-wal", "-shm", "-journal"};

} // namespace

// On a memory file system that costs no disk anything, as long as somebody listens.
void stampAlive(const std::string& stamp, Moment now, bool make) {
    if (stamp.empty())
        return;
    const int fd =
        open(stamp.c_str(), O_WRONLY | (make ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return;
    const timespec time{static_cast<time_t>(now / second), static_cast<long>(now % second * 1000)};
    const std::array times = {time, time};
    futimens(fd, times.data());
    ::close(fd);
}

Keeper::Keeper(Places places, Moment mutedSince)
    : places_(std::move(places))
    , mutedSince_(mutedSince) {}

Keeper::Outcome Keeper::use(const Limits& limits, Moment now) {
    limits_ = limits;
    pruned_ = 0;
    if (!limits.enabled) {
        store_.reset();
        aside_.clear();
        if (removeAll())
            return {};
        return {true, false, "history is off, but " + places_.file + " cannot be removed"};
    }
    auto done = ensure(now);
    if (done)
        prune(now);
    return outcome(done);
}

Keeper::Outcome Keeper::write(const std::vector<Item>& items, Moment now) {
    if (!limits_.enabled)
        return {};
    auto done = ensure(now);
    // Another attempt only on another file: a damaged one has been moved aside.
    for (int attempt = 0; done && attempt < 2; ++attempt) {
        done = writeAll(items);
        if (done || done.error().kind != Failure::Kind::Broken)
            break;
        moveAside(done.error().text);
        done = ensure(now);
    }
    if (done)
        prune(now);
    return outcome(done);
}

Done<void> Keeper::writeAll(const std::vector<Item>& items) {
    // What follows a gap is written after what went on has been ended.
    std::vector<Record> records;
    for (const auto& item : items) {
        if (const auto* record = std::get_if<Record>(&item)) {
            records.push_back(*record);
            continue;
        }
        if (auto written = store_->write(records); !written)
            return written;
        records.clear();
        if (auto ended = store_->endAll(std::get<Gap>(item).at); !ended)
            return ended;
    }
    return store_->write(records);
}

// A file that is gone is made anew: so a history is removed by removing the file.
Done<void> Keeper::ensure(Moment now) {
    if (store_ && store_->inPlace())
        return {};
    store_.reset();
    for (int attempt = 0;; ++attempt) {
        auto opened = Store::open(places_.file, {lastAlive(), mutedSince_}, now);
        if (opened) {
            store_ = std::move(*opened);
            beganAnew_ = beganAnew_ || std::exchange(openedBefore_, true);
            return {};
        }
        if (opened.error().kind != Failure::Kind::Broken || attempt > 0)
            return tl::unexpected(opened.error());
        moveAside(opened.error().text);
    }
}

// The newest one is kept. What cannot be moved is met again when the file is opened.
void Keeper::moveAside(const std::string& why) {
    store_.reset();
    const std::string aside = asideOf(places_.file);
    for (const char* ending : endings) {
        const std::string from = places_.file + ending, to = aside + ending;
        if (std::rename(from.c_str(), to.c_str()) != 0)
            unlink(to.c_str()); // not another one's journal beside this one
    }
    aside_ = "the history's file was damaged (" + why + "); it is now " + aside + ", and a new one was begun";
}

bool Keeper::removeAll() {
    bool gone = true;
    for (const std::string& file : {places_.file, asideOf(places_.file)})
        for (const char* ending : endings)
            if (unlink((file + ending).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
                gone = false;
    if (!places_.stamp.empty())
        unlink(places_.stamp.c_str());
    return gone;
}

void Keeper::prune(Moment now) {
    const auto bytes = store_->bytes();
    const bool large = bytes && *bytes > limits_.mostBytes;
    if (!large && pruned_ != 0 && now < pruned_ + pruneEvery)
        return;
    pruned_ = now;
    const Moment age = limits_.keepDays * day;
    // A failure here shows in the next batch, too.
    (void)store_->prune(limits_.keepDays == 0 || age > now ? 0 : now - age, limits_.mostBytes);
}

Keeper::Outcome Keeper::outcome(const Done<void>& done) {
    Outcome outcome;
    outcome.beganAnew = std::exchange(beganAnew_, false);
    if (done) {
        outcome.fault = aside_;
        return outcome;
    }
    outcome.done = false;
    switch (done.error().kind) {
    case Failure::Kind::Busy:
        outcome.fault =
            places_.file +
            " is locked by another process; what happens meanwhile is kept back as long as there is room";
        break;
    case Failure::Kind::Full:
        outcome.fault = "there is no room for " + places_.file +
                        "; what happens meanwhile is kept back as long as there is room in memory";
        break;
    default:
        outcome.fault = "no history is written: " + done.error().text;
    }
    return outcome;
}

Done<std::vector<Entry>> Keeper::entries(const Filter& filter, Moment now) {
    if (!limits_.enabled)
        return std::vector<Entry>{};
    // What goes on is known to do so up to now, and no further.
    if (filter.since && *filter.since > now)
        return std::vector<Entry>{};
    if (auto ready = ensure(now); !ready)
        return tl::unexpected(ready.error());
    auto found = store_->entries(filter);
    if (found || found.error().kind != Failure::Kind::Broken)
        return found;
    moveAside(found.error().text);
    if (auto ready = ensure(now); !ready)
        return tl::unexpected(ready.error());
    return store_->entries(filter);
}

std::optional<Keeper::Outcome> Keeper::news() {
    if (!beganAnew_)
        return std::nullopt;
    return outcome({});
}

Done<std::vector<ReportRow>> Keeper::report(const ReportFilter& filter, Moment now) {
    if (!limits_.enabled)
        return std::vector<ReportRow>{};
    if (auto ready = ensure(now); !ready)
        return tl::unexpected(ready.error());
    const auto recorded = store_->recorded(filter, now);
    if (recorded)
        return history::report(*recorded, filter.since.value_or(0),
                               std::min(filter.until.value_or(now), now));
    if (recorded.error().kind == Failure::Kind::Broken)
        moveAside(recorded.error().text);
    return tl::unexpected(recorded.error());
}

Done<std::uint64_t> Keeper::clear(const ClearFilter& filter, Moment now) {
    if (!limits_.enabled)
        return std::uint64_t{0};
    if (auto ready = ensure(now); !ready)
        return tl::unexpected(ready.error());
    auto cleared = store_->clear(filter);
    if (cleared && !filter.app) {
        // Nobody knows what is in there.
        for (const char* ending : endings)
            unlink((asideOf(places_.file) + ending).c_str());
        aside_.clear();
    }
    return cleared;
}

Moment Keeper::lastAlive() const {
    struct stat status {};
    if (places_.stamp.empty() || openedBefore_ || stat(places_.stamp.c_str(), &status) != 0 ||
        status.st_mtim.tv_sec < 0)
        return 0;
    return static_cast<Moment>(status.st_mtim.tv_sec) * second +
           static_cast<Moment>(status.st_mtim.tv_nsec) / 1000;
}

// The stamp is lost with the power, the file is not.
void Keeper::stillAlive(Moment now) {
    stampAlive(places_.stamp, now, true);
    if (store_)
        (void)store_->noteAlive(now);
}

void Keeper::close() {
    store_.reset();
    if (!places_.stamp.empty())
        unlink(places_.stamp.c_str());
}

} // namespace micguard::history
