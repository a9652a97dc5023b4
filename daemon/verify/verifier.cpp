// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/verify/verifier.hpp"

#include <csignal>
#include <semaphore>
#include <sstream>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include <gio/gio.h>
#include <nlohmann/json.hpp>

namespace micguard {

namespace {

// Beyond what is recorded: until everything is linked, and linked again after the mute. It ends by itself
// long before.
constexpr guint patienceSeconds = 60;

struct Unref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
struct Free {
    void operator()(char* text) const { g_free(text); }
};
using Text = std::unique_ptr<char, Free>;

template <typename T>
T valueOf(const nlohmann::json& line, const char* key, T otherwise) {
    const auto found = line.find(key);
    if (found == line.end())
        return otherwise;
    if constexpr (std::is_same_v<T, std::string>)
        return found->is_string() ? found->template get<T>() : otherwise;
    else
        return found->is_number() ? found->template get<T>() : otherwise;
}

} // namespace

// Kept alive by the call under way, too: `verifier` is null once nobody wants the answer.
struct Verifier::Run {
    Verifier* verifier = nullptr;
    // GLib waits until the new process has become the program, and that is an ordinary process, which may wait long for a
    // processor: 55 ms were seen. So this thread waits; and then it stays until the process is over, for what that wants to be
    // told of (PR_SET_PDEATHSIG) is the end of the thread that made it.
    std::thread parent;
    std::shared_ptr<std::binary_semaphore> over = std::make_shared<std::binary_semaphore>(0);
    bool started = false;
    std::unique_ptr<GSubprocess, Unref> process; // this and the next are the thread's until then
    std::string trouble;
    std::unique_ptr<GCancellable, Unref> cancel;
    std::string owner;
    Done done;
    unsigned seconds = 0;
    guint timer = 0;
    bool late = false, ownerLeft = false;

    // Once it has started the process the thread has nothing of ours, and nobody waits until it gets a processor for its end.
    void letGo() {
        if (!parent.joinable())
            return;
        over->release();
        if (started)
            parent.detach();
        else
            parent.join();
    }
    ~Run() {
        letGo();
        if (timer)
            g_source_remove(timer);
    }
};

Verifier::Verifier(std::string program)
    : program_(std::move(program)) {}

Verifier::~Verifier() {
    if (!run_)
        return;
    run_->letGo();
    while (g_idle_remove_by_data(this)) {
    }
    if (!run_->process)
        return;
    g_subprocess_force_exit(run_->process.get());
    g_cancellable_cancel(run_->cancel.get());
}

void Verifier::start(const VerifyOptions& options, const std::string& owner, Done done) {
    std::vector<std::string> words{program_, "--seconds", std::to_string(options.seconds)};
    for (const std::string& source : options.sources)
        words.insert(words.end(), {"--source", source});
    if (options.bluetooth)
        words.emplace_back("--bluetooth");
    if (options.tone)
        words.emplace_back("--tone");
    run_ = std::make_unique<Run>();
    run_->verifier = this;
    run_->cancel.reset(g_cancellable_new());
    run_->owner = owner;
    run_->done = std::move(done);
    run_->seconds = options.seconds;
    auto spawn = [this, run = run_.get(), over = run_->over, words = std::move(words)] {
        std::vector<const char*> argv;
        argv.reserve(words.size() + 1);
        for (const std::string& word : words)
            argv.push_back(word.c_str());
        argv.push_back(nullptr);
        // Descriptors stay open, which those of ours do not that matter (O_CLOEXEC): only then GLib takes posix_spawn(3). A
        // fork would have the loop wait at the first page that it touches until all are copied.
        const std::unique_ptr<GSubprocessLauncher, Unref> launcher(g_subprocess_launcher_new(
            static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE |
                                          G_SUBPROCESS_FLAGS_INHERIT_FDS)));
        // It is no part of the service to systemd, and an ordinary client to PipeWire.
        for (const char* variable :
             {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "PIPEWIRE_REMOTE", "G_MESSAGES_DEBUG"})
            g_subprocess_launcher_unsetenv(launcher.get(), variable);
        GError* error = nullptr;
        run->process.reset(g_subprocess_launcher_spawnv(launcher.get(), argv.data(), &error));
        if (!run->process)
            run->trouble = error->message;
        g_clear_error(&error);
        g_idle_add_full(
            G_PRIORITY_DEFAULT,
            [](gpointer self) -> gboolean {
                static_cast<Verifier*>(self)->started();
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
        over->acquire();
    };
    try {
        run_->parent = std::thread(std::move(spawn));
    } catch (const std::system_error& error) {
        const auto run = std::exchange(run_, nullptr);
        run->done(tl::unexpected("cannot run " + program_ + ": " + error.what()));
    }
}

void Verifier::started() {
    run_->started = true;
    if (!run_->process) {
        const auto run = std::exchange(run_, nullptr);
        return run->done(tl::unexpected("cannot run " + program_ + ": " + run->trouble));
    }
    if (run_->ownerLeft)
        g_subprocess_send_signal(run_->process.get(), SIGTERM);
    run_->timer = g_timeout_add_seconds(
        3 * run_->seconds + patienceSeconds,
        [](gpointer data) -> gboolean {
            auto* run = static_cast<Run*>(data);
            run->timer = 0;
            run->late = true;
            g_subprocess_force_exit(run->process.get());
            return G_SOURCE_REMOVE;
        },
        run_.get());
    g_subprocess_communicate_utf8_async(
        run_->process.get(), nullptr, run_->cancel.get(),
        [](GObject* source, GAsyncResult* result, gpointer data) {
            char* output = nullptr;
            char* complaint = nullptr;
            GError* failure = nullptr;
            const bool read = g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &output,
                                                                   &complaint, &failure);
            const Text ownedOutput(output), ownedComplaint(complaint);
            const bool cancelled = failure && g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED);
            const std::string trouble = failure ? failure->message : "";
            g_clear_error(&failure);
            if (cancelled) // the Verifier is gone
                return;
            auto* self = static_cast<Verifier*>(data);
            const auto run = std::exchange(self->run_, nullptr);
            const int status = g_subprocess_get_if_exited(run->process.get())
                                   ? g_subprocess_get_exit_status(run->process.get())
                                   : -1;
            // 0 held, 1 a leak, 3 nobody guards, 6 not proven: with these it has said what it found.
            if (read && (status == 0 || status == 1 || status == 3 || status == 6))
                return run->done(resultsFrom(output ? output : ""));
            std::string why = run->late                 ? "it did not end in time"
                              : complaint && *complaint ? complaint
                                                        : trouble;
            while (!why.empty() && why.back() == '\n')
                why.pop_back();
            run->done(tl::unexpected("nothing could be verified: " + (why.empty() ? "it was ended" : why)));
        },
        this);
}

void Verifier::ownerLeft(const std::string& owner) {
    if (!run_ || run_->owner != owner)
        return;
    run_->ownerLeft = true;
    if (run_->started)
        g_subprocess_send_signal(run_->process.get(), SIGTERM);
}

Verifier::Results resultsFrom(const std::string& output) {
    Verifier::Results results;
    std::istringstream lines(output);
    for (std::string text; std::getline(lines, text);) {
        const auto line = nlohmann::json::parse(text, nullptr, false);
        if (!line.is_object() || !line.contains("verdict"))
            continue;
        results.push_back({valueOf<std::string>(line, "source", "/"), valueOf<std::string>(line, "name", ""),
                           valueOf<std::string>(line, "verdict", ""), valueOf<std::string>(line, "why", ""),
                           valueOf<double>(line, "peak", 0), valueOf<std::uint64_t>(line, "samples", 0)});
    }
    return results;
}

} // namespace micguard
