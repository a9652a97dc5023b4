// SPDX-License-Identifier: GPL-3.0-or-later
//
// See config_source.hpp. One thread at a time, for one job at a time: two changes of the own file one after
// the other both last.
#include "daemon/reload/config_source.hpp"

#include "config/last_good.hpp"

#include <utility>

namespace micguard {

namespace {

constexpr std::size_t jobsLimit = 64;
constexpr std::size_t lastGoodLimit = std::size_t{32} * 1024 * 1024;

ConfigRefusal invalid(std::string message) {
    return {"InvalidConfig", std::move(message)};
}

} // namespace

ConfigSource::ConfigSource(Places places, std::function<void(const Loaded&)> told)
    : places_(std::move(places))
    , told_(std::move(told))
    , watch_([this] { enqueue({}); }) {}

void ConfigSource::start() {
    watchFault_ = watch_.watch(places_.files);
    kept_ = readKept().value_or(std::vector<SourceText>{});
    Job job;
    run(places_, kept_, job);
    jobs_.push_back(std::move(job));
    finish();
}

std::optional<std::vector<SourceText>> ConfigSource::readKept() const {
    const auto text = readRegularFile(places_.lastGood, lastGoodLimit, Trust::OwnerOnly);
    return text ? readLastGood(*text) : std::nullopt;
}

std::optional<Loaded> ConfigSource::lastGood() const {
    const auto sources = readKept();
    return sources ? std::optional(configurationOf(*sources)) : std::nullopt;
}

void ConfigSource::reload(Done done) {
    Job job;
    job.done = std::move(done);
    enqueue(std::move(job));
}

void ConfigSource::change(Change change, Done done) {
    Job job;
    job.change = std::move(change);
    job.done = std::move(done);
    enqueue(std::move(job));
}

void ConfigSource::enqueue(Job job) {
    // What waits reads all that has changed until it begins.
    if (!job.done && jobs_.size() > (busy_ ? 1U : 0U))
        return;
    if (job.done && jobs_.size() >= jobsLimit)
        return job.done(ConfigRefusal{"LimitExceeded", "too many changes to the configuration wait already"});
    jobs_.push_back(std::move(job));
    if (!busy_ && !finishing_)
        begin();
}

void ConfigSource::begin() {
    // Before it is read: what changes from here on is seen.
    busy_ = true;
    watchFault_ = watch_.watch(places_.files);
    const auto work = [this, &job = jobs_.front()] { run(places_, kept_, job); };
    if (errand_.begin(
            work, [this] { finish(); }, G_PRIORITY_DEFAULT))
        return;
    // No more threads are to be had: late is better than never.
    work();
    finish();
}

// On the thread, but for the first time. Touches nothing but the job.
void ConfigSource::run(const Places& places, const std::vector<SourceText>& keptSources, Job& job) {
    if (job.change)
        job.refusal = changeOwnFile(places.files, places.ownFile, *job.change);
    job.loaded = load(places.files);
    const auto& loaded = job.loaded;
    if (!job.refusal && !loaded.errors.empty())
        job.refusal = invalid(summary(loaded.errors));
    if (loaded.errors.empty() && loaded.sources != keptSources && !places.lastGood.empty())
        if (const auto kept = replaceFile(places.lastGood, lastGoodText(loaded.sources)); !kept)
            job.kept = kept.error();
}

void ConfigSource::finish() {
    busy_ = false;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!job.kept.empty())
        g_warning("%s", job.kept.c_str());
    else if (job.loaded.errors.empty())
        kept_ = job.loaded.sources;
    finishing_ = true;
    // What a program asks for is told also if nothing has changed: time has, and rules may have run out.
    std::pair now(job.loaded.sources, job.loaded.errors);
    if (job.done || last_ != now)
        told_(job.loaded);
    last_ = std::move(now);
    if (job.done)
        job.done(job.refusal);
    finishing_ = false;
    if (!jobs_.empty() && !busy_)
        begin();
}

} // namespace micguard
