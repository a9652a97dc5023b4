// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/faults/ordeal.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace micguard::test {
namespace {

using namespace std::chrono_literals;

std::string lines(const std::vector<std::string>& found) {
    std::string text;
    for (const auto& one : found)
        text += "\n  " + one;
    return text;
}

// What a process, and a machine, lacked of processors so far: a guard that gets none for long comes late to a new server.
std::string starvation(pid_t pid) {
    std::uint64_t ran = 0, waited = 0;
    std::ifstream("/proc/" + std::to_string(pid) + "/schedstat") >> ran >> waited; // ns
    std::string cpu;
    std::uint64_t user = 0, nice = 0, system = 0, idle = 0, io = 0, interrupts = 0, soft = 0, stolen = 0;
    std::ifstream("/proc/stat") >> cpu >> user >> nice >> system >> idle >> io >> interrupts >> soft >>
        stolen;
    return "the guard has run for " + std::to_string(ran / 1'000'000) +
           " ms and waited for a processor for " + std::to_string(waited / 1'000'000) +
           " ms; the hypervisor has taken " +
           std::to_string(stolen * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))) + " ms of them";
}

} // namespace

unsigned rounds(unsigned common) {
    const char* asked = std::getenv("MICGUARD_FAULTS");
    const long count = asked ? std::strtol(asked, nullptr, 10) : 0;
    return count > 0 ? static_cast<unsigned>(count) : common;
}

std::uint64_t faultSeed() {
    static const std::uint64_t seed = [] {
        const char* given = std::getenv("MICGUARD_SEED");
        const std::uint64_t chosen = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        std::printf("      MICGUARD_SEED=%llu\n", static_cast<unsigned long long>(chosen));
        std::fflush(stdout);
        return chosen;
    }();
    return seed;
}

bool spared(unsigned run, unsigned count) {
    return 3 * run > count + 1;
}

std::unique_ptr<Listener> ordinaryListener(const PrivateSession& session, const std::string& source) {
    return listenerFor(session, source).listener;
}

SessionOptions withOutcast(SessionOptions options) {
    options.micguardConfig += outcastRule;
    return options;
}

Ordeal::Ordeal(
    const SessionOptions& options, const std::string& mode, const std::string& cell,
    const std::function<std::unique_ptr<Listener>(const PrivateSession&, const std::string&)>& listener)
    : session(options)
    , guard(std::make_unique<Guard>(session))
    , tally(cell + ", " + mode)
    , random(faultSeed())
    , mode_(mode) {
    guard->setMode(mode);
    for (const MicSpec& mic : options.mics)
        add(mic.name, [this, name = mic.name, listener] { return listener(session, name); });
    hearAgain(session, heard);
    expectNothingLeft();
}

Ordeal::~Ordeal() {
    // A test that has failed before its end has had no time for it.
    curve_.check(guardLives_ && std::uncaught_exceptions() == 0, anonymousMay);
}

void Ordeal::sample() {
    if (comparable())
        curve_.sample(session.pid(Daemon::micguardd), *guard);
}

void Ordeal::add(const std::string& source, std::function<std::unique_ptr<Listener>()> make) {
    heard.push_back({source, make()});
    heard.back().listener->start();
    makers_.push_back(std::move(make));
}

void Ordeal::addOutcast(const std::string& source) {
    outcast_ = nativeListener(session, {.target = source, .name = "outcast", .outcast = true});
    outcast_->start();
}

void Ordeal::expectOutcastDeaf() {
    if (!outcast_)
        return;
    const auto heardByOutcast = audible(*outcast_);
    CHECK(heardByOutcast == 0);
    if (!outcast_->running())
        outcast_->start();
}

void Ordeal::removeLast() {
    heard.pop_back();
    makers_.pop_back();
}

void Ordeal::moment(std::chrono::microseconds longest) {
    std::this_thread::sleep_for(std::chrono::microseconds(below(static_cast<unsigned>(longest.count()))));
}

void Ordeal::setMode(const std::string& mode) {
    mode_ = mode;
    guard->setMode(mode);
}

void Ordeal::mute() {
    guard->setMuted(true);
    tally.replied(guard->callNsec());
    changeTune(session, heard);
    expectMuted();
}

void Ordeal::unmute() {
    unmuteAndListen(session, *guard, heard);
    expectNothingLeft();
    sample();
}

void Ordeal::expectMuted() {
    CHECK(guard->waitState("muted"));
    const auto wrong =
        stillWrong([this] { return openings(readServer(session), session, admission_, mode_ == "sever"); });
    INFO("in the server, while muted:" << lines(wrong));
    CHECK(wrong.empty());
}

void Ordeal::expectNothingLeft() {
    expectOutcastDeaf();
    const auto wrong = stillWrong([this] {
        auto left = leftovers(readServer(session), session, GuardIs::there, admission_);
        // What is kept from him is there for as long as the rule is.
        std::erase_if(left, [](const std::string& line) { return line.find("outcast") != line.npos; });
        return left;
    });
    INFO("left in the server while live:" << lines(wrong));
    CHECK(wrong.empty());
}

void Ordeal::listen(Milliseconds patience) {
    INFO(strikeAt_ << "; now " << starvation(session.pid(Daemon::micguardd)));
    listenWhileMuted(heard, tally, patience);
    expectOutcastDeaf();
}

void Ordeal::recover() {
    const pid_t bus = session.pid(Daemon::bus), server = session.pid(Daemon::pipewire);
    session.recover();
    // Not everybody notices that the server he listened to is gone (the ALSA plug-in waits on).
    if (session.pid(Daemon::pipewire) != server)
        for (auto& one : heard)
            one.listener->stop();
    if (session.pid(Daemon::bus) != bus || !guard)
        guard = std::make_unique<Guard>(session);
    REQUIRE(guard->waitName(true));
    relisten();
}

void Ordeal::relisten() {
    for (std::size_t i = 0; i < heard.size(); i++) {
        if (heard[i].listener->running())
            continue;
        // What it heard to its end counts.
        const std::uint64_t audible = heard[i].listener->madeIn(1) - heard[i].counted;
        if (session.control(heard[i].source).phase() % 2 == 1) {
            INFO(heard[i].listener->description()
                 << " on " << heard[i].source << ", which has ended, heard " << audible);
            CHECK(audible == 0);
            tally.add(audible);
        }
        heard[i] = {heard[i].source, makers_[i]()};
        heard[i].listener->start();
    }
}

void Ordeal::whileMuted(const std::function<void()>& strike, const std::function<void()>& mend) {
    moment(20ms);
    strikeAt_ = "at the strike " + starvation(session.pid(Daemon::micguardd));
    strike();
    moment(60ms);
    listen(Milliseconds(30));
    mend();
    expectMuted();
    listen();
}

void Ordeal::whileLive(const std::function<void()>& strike, const std::function<void()>& mend) {
    moment(20ms);
    strike();
    moment(60ms);
    mend();
    CHECK(guard->waitState("live"));
    hearAgain(session, heard);
    expectNothingLeft();
    sample();
}

void Ordeal::amid(bool muted, const std::function<void()>& strike, const std::function<void()>& mend) {
    std::string refused = "not called";
    std::jthread call([&] { // joined, too, if what happens meanwhile throws
        try {
            Guard another(session);
            refused = another.trySetMuted(muted);
        } catch (const std::runtime_error& error) {
            refused = error.what(); // the bus was gone already
        }
        if (refused.empty() && muted)
            session.setPhase(1); // made after the reply
    });
    moment(4ms);
    strike();
    moment(20ms);
    mend();
    call.join();
    INFO("the call amid it: " << (refused.empty() ? "done" : refused));
    if (refused.empty() && muted) {
        expectMuted();
        listen();
    }
}

void Ordeal::amidMute(const std::function<void()>& strike, const std::function<void()>& mend) {
    for (auto& one : heard)
        one.counted = one.listener->madeIn(1);
    amid(true, strike, mend);
    mute();
    listen(Milliseconds(50));
}

void Ordeal::amidUnmute(const std::function<void()>& strike, const std::function<void()>& mend) {
    session.setPhase(0);
    amid(false, strike, mend);
    unmute();
}

void Ordeal::round(const std::function<void()>& strike, const std::function<void()>& mend) {
    const unsigned how = below(3);
    if (how == 0)
        amidMute(strike, mend);
    else
        mute();
    whileMuted(strike, mend);
    if (how == 1)
        amidUnmute(strike, mend);
    else
        unmute();
    whileLive(strike, mend);
}

} // namespace micguard::test
