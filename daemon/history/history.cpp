// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is shared with the thread is under one mutex, which is never held while anything is written.
#include "daemon/history/history.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include <glib.h>
#include <sys/resource.h>
#include <unistd.h>

namespace micguard::history {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What happens at once is written at once.
constexpr milliseconds batchDelay{250};
// While somebody listens the thread says so often that the guard lives: what ends with the power then has an end to this. The
// short one is for a guard that has no watchdog, whose pings would say it.
constexpr milliseconds noteEvery{600'000}, beat{5000};
constexpr milliseconds firstRetry{1000}, longestRetry{60000};
constexpr milliseconds littlePatience{1000};

const std::string noAnswer = "too many ask for the history at once, or its disk does not answer";

Moment now() {
    return static_cast<Moment>(g_get_real_time());
}

Moment timeOf(const Record& record) {
    return std::visit([](const auto& one) { return one.at; }, record);
}

} // namespace

struct History::Shared {
    std::mutex mutex; // guards what follows, up to `told`
    std::condition_variable changed;
    std::deque<Item> queue;
    std::size_t beingWritten = 0;
    Clock::time_point oldest; // of the queue, while it is not empty
    struct Job {
        std::function<void(Keeper&)> run;
        bool wantsAllWritten = true; // what was queued before it; else it comes first
    };
    std::deque<Job> jobs;
    bool leftOut = false; // nothing is queued until everything is begun anew
    std::uint64_t lost = 0;
    bool end = false, ended = false;
    bool listening = false; // somebody: to be said to the stamp with every tick
    bool ticking = false;
    std::vector<std::function<void()>> messages; // for the main context
    bool called = false;

    // The main context's.
    std::optional<Told> told;

    // The thread's.
    std::string faultTold;

    bool full() const { return queue.size() + beingWritten >= mostQueued; }
    void push(Item item) {
        if (queue.empty())
            oldest = Clock::now();
        queue.push_back(std::move(item));
    }

    // On the main context, ahead of nothing that matters.
    static void deliver(const std::shared_ptr<Shared>& self, std::function<void()> message) {
        const std::lock_guard lock(self->mutex);
        self->messages.push_back(std::move(message));
        if (std::exchange(self->called, true))
            return;
        g_idle_add_full(
            G_PRIORITY_DEFAULT_IDLE,
            [](gpointer data) -> gboolean {
                const auto& shared = *static_cast<std::shared_ptr<Shared>*>(data);
                std::vector<std::function<void()>> came;
                {
                    const std::lock_guard inner(shared->mutex);
                    shared->called = false;
                    came = std::exchange(shared->messages, {});
                }
                for (const auto& one : came)
                    if (shared->told)
                        one();
                return G_SOURCE_REMOVE;
            },
            new std::shared_ptr<Shared>(self),
            [](gpointer data) { delete static_cast<std::shared_ptr<Shared>*>(data); });
    }

    static void tellFault(const std::shared_ptr<Shared>& self, const std::string& fault) {
        if (std::exchange(self->faultTold, fault) != fault)
            deliver(self, [self, fault] { self->told->fault(fault); });
    }

    // Whoever knows what goes on says it again; what it said meanwhile ends here.
    static void beginAnew(const std::shared_ptr<Shared>& self) {
        deliver(self, [self] {
            std::uint64_t many = 0;
            {
                const std::lock_guard lock(self->mutex);
                self->push(Gap{now()});
                self->leftOut = false;
                many = std::exchange(self->lost, 0);
            }
            if (many > 0)
                self->told->lost(many);
            self->told->beginAnew();
        });
    }
};

History::History(Places places, Told told)
    : places_(std::move(places))
    , shared_(std::make_shared<Shared>()) {
    shared_->told = std::move(told);
}

History::~History() {
    close(littlePatience);
    shared_->told.reset();
}

void History::use(const Limits& limits, Moment mutedSince) {
    const bool turnedOn = !std::exchange(enabled_, limits.enabled) && enabled_ && thread_.joinable();
    auto job = [shared = shared_, limits, turnedOn](Keeper& keeper) {
        const auto outcome = keeper.use(limits, now());
        Shared::tellFault(shared, outcome.fault);
        if (outcome.beganAnew || turnedOn)
            Shared::beginAnew(shared);
    };
    {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->end)
            return;
        if (!enabled_) {
            shared_->queue.clear();
            shared_->lost = 0;
        }
        shared_->jobs.push_back({std::move(job), false});
    }
    shared_->changed.notify_all();
    if (thread_.joinable())
        return;
    try {
        thread_ = std::thread(
            [shared = shared_, places = places_, mutedSince] { work(shared, places, mutedSince); });
    } catch (const std::system_error& error) {
        shared_->told->fault(std::string("no history is written: ") + error.what());
    }
}

void History::record(std::vector<Record> records) {
    if (!enabled_ || records.empty())
        return;
    bool first = false;
    {
        const std::lock_guard lock(shared_->mutex);
        first = shared_->queue.empty();
        for (auto& record : records) {
            if (!shared_->leftOut && shared_->full()) {
                shared_->leftOut = true;
                shared_->push(Gap{timeOf(record)});
            }
            if (shared_->leftOut)
                shared_->lost++;
            else
                shared_->push(std::move(record));
        }
    }
    if (first) // it waits for the first one only, and then until that is due
        shared_->changed.notify_all();
}

bool History::ask(std::function<void(Keeper&)> job) {
    {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->end || !thread_.joinable() || shared_->jobs.size() >= mostWaiting)
            return false;
        shared_->jobs.push_back({std::move(job), true});
    }
    shared_->changed.notify_all();
    return true;
}

template <typename T, typename Question>
void History::answer(Question question, Reply<T> then) {
    if (!enabled_)
        return then(T{});
    const bool asked = ask([shared = shared_, question = std::move(question), then](Keeper& keeper) {
        auto found = question(keeper).map_error([](const Failure& failure) { return failure.text; });
        Shared::deliver(shared, [then, found = std::move(found)] { then(found); });
    });
    if (!asked)
        then(tl::unexpected(noAnswer));
}

void History::entries(const Filter& filter, Reply<std::vector<Entry>> then) {
    answer([filter](Keeper& keeper) { return keeper.entries(filter, now()); }, std::move(then));
}

void History::report(const ReportFilter& filter, Reply<std::vector<ReportRow>> then) {
    answer([filter](Keeper& keeper) { return keeper.report(filter, now()); }, std::move(then));
}

void History::clear(const ClearFilter& filter, Reply<std::uint64_t> then) {
    answer([filter](Keeper& keeper) { return keeper.clear(filter, now()); }, std::move(then));
}

void History::tick() {
    std::unique_lock lock(shared_->mutex);
    shared_->ticking = true;
    if (!shared_->listening || shared_->end)
        return;
    lock.unlock();
    stampAlive(places_.stamp, now(), false);
}

bool History::close(milliseconds patience) {
    if (!thread_.joinable())
        return true;
    std::unique_lock lock(shared_->mutex);
    shared_->end = true;
    shared_->changed.notify_all();
    const bool ended = shared_->changed.wait_for(lock, patience, [this] { return shared_->ended; });
    lock.unlock();
    if (ended)
        thread_.join();
    else
        thread_.detach();
    return ended;
}

void History::work(const std::shared_ptr<Shared>& shared, const Places& places, Moment mutedSince) {
    // The main thread goes ahead of everybody (desktop/priority); this one has time.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 0);
    Keeper keeper(places, mutedSince);
    milliseconds patience{0}; // until the next attempt, after a failure
    Clock::time_point tried, beaten;
    const auto beatDue = [&] { return beaten + (shared->ticking ? noteEvery : beat); };

    std::unique_lock lock(shared->mutex);
    for (;;) {
        const auto due = [&] {
            return patience.count() > 0 ? tried + patience : shared->oldest + batchDelay;
        };
        const auto wake = [&]() -> std::optional<Clock::time_point> {
            std::optional<Clock::time_point> at;
            if (!shared->queue.empty())
                at = due();
            if (keeper.wantsToBeTold())
                at = at ? std::min(*at, beatDue()) : beatDue();
            return at;
        };
        const auto isWanted = [&] { return shared->end || !shared->jobs.empty(); };
        while (!isWanted()) {
            const auto at = wake();
            if (at && Clock::now() >= *at)
                break;
            at ? (void)shared->changed.wait_until(lock, *at) : shared->changed.wait(lock);
        }
        Shared::Job job;
        if (!shared->jobs.empty()) {
            job = std::move(shared->jobs.front());
            shared->jobs.pop_front();
        }
        const bool last = shared->end && shared->jobs.empty() && !job.run;
        std::vector<Item> items;
        if (!shared->queue.empty() && ((job.run && job.wantsAllWritten) || last || Clock::now() >= due())) {
            items.assign(std::make_move_iterator(shared->queue.begin()),
                         std::make_move_iterator(shared->queue.end()));
            shared->queue.clear();
            shared->beingWritten = items.size();
        }
        lock.unlock();

        if (job.run && !job.wantsAllWritten)
            std::exchange(job.run, nullptr)(keeper);
        if (!items.empty()) {
            const auto outcome = keeper.write(items, now());
            Shared::tellFault(shared, outcome.fault);
            tried = Clock::now();
            patience = outcome.done ? milliseconds{0} : std::clamp(patience * 2, firstRetry, longestRetry);
            lock.lock();
            shared->beingWritten = 0;
            if (!outcome.done) {
                if (shared->queue.empty())
                    shared->oldest = Clock::now();
                shared->queue.insert(shared->queue.begin(), std::make_move_iterator(items.begin()),
                                     std::make_move_iterator(items.end()));
            }
            const bool leftOut = shared->leftOut;
            lock.unlock();
            if (outcome.beganAnew || (outcome.done && leftOut))
                Shared::beginAnew(shared);
        }
        if (job.run)
            job.run(keeper);
        if (const auto news = keeper.news()) {
            Shared::tellFault(shared, news->fault);
            Shared::beginAnew(shared);
        }
        const bool listening = keeper.wantsToBeTold();
        lock.lock();
        const bool begins = !std::exchange(shared->listening, listening) && listening;
        if (begins || (listening && Clock::now() >= beatDue())) {
            lock.unlock();
            beaten = Clock::now();
            keeper.stillAlive(now());
            lock.lock();
        }
        if (last)
            break;
    }
    lock.unlock();
    keeper.close();
    lock.lock();
    shared->ended = true;
    shared->changed.notify_all();
}

} // namespace micguard::history
