// SPDX-License-Identifier: GPL-3.0-or-later
// Chromium as a listener: driven through the DevTools protocol on two pipes, it reports every sample that its
// page gets.
#include "tests/support/listener.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace micguard::test {

namespace {

using Json = nlohmann::json;

// The page reads the track itself: an AudioContext would want an output device and resample.
constexpr const char* kPage = R"(<!doctype html><meta charset="utf-8"><title>capture</title><script>
async function capture(label) {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  let stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  if (label) {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter(d => d.kind === 'audioinput');
    const device = devices.find(d => d.label === label) || devices.find(d => d.label.startsWith(label));
    if (!device) throw new Error('no microphone ' + label + ' among ' + devices.map(d => d.label).join(', '));
    stream.getTracks().forEach(t => t.stop());
    stream = await navigator.mediaDevices.getUserMedia({ audio: { ...plain, deviceId: { exact: device.deviceId } } });
  }
  window.track = stream.getAudioTracks()[0];
  const reader = new MediaStreamTrackProcessor({ track: window.track }).readable.getReader();
  (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) { report('end'); return; }
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      const bytes = new Uint8Array(samples.buffer);
      let text = '';
      for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 8192));
      report(value.sampleRate + ' ' + btoa(text));
      value.close();
    }
  })();
  return window.track.label;
}
</script>)";

std::vector<float> decodeBase64(std::string_view text) {
    static const std::array<int, 256> kValues = [] {
        std::array<int, 256> table{};
        table.fill(-1);
        const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < alphabet.size(); ++i)
            table[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
        return table;
    }();
    std::string bytes;
    unsigned bits = 0;
    int count = 0;
    for (const char c : text) {
        const int value = kValues[static_cast<unsigned char>(c)];
        if (value < 0)
            continue;
        bits = (bits << 6U) | static_cast<unsigned>(value);
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU);
    }
    std::vector<float> samples(bytes.size() / sizeof(float));
    std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
    return samples;
}

class ChromiumListener final : public Listener {
  public:
    ChromiumListener(const PrivateSession& session, const ListenOptions& options)
        : session_(session)
        , options_(options)
        , rate_(options.rate)
        , analyser_(stats_, options.coding, options.rate,
                    options.threshold > 0          ? options.threshold
                    : options.coding == Coding::dc ? kDefaultThreshold
                                                   : kDefaultToneThreshold) {}
    ~ChromiumListener() override { halt(); }

    void start() override;
    void stop() override { halt(); }
    [[nodiscard]] bool running() override { return process_.running(); }
    [[nodiscard]] pid_t pid() const override { return process_.pid(); }
    [[nodiscard]] const std::string& description() const override { return description_; }

  protected:
    [[nodiscard]] const StreamStats& stats() const override { return stats_; }
    [[nodiscard]] StreamStats& mutableStats() override { return stats_; }

  private:
    void halt();
    void readMessages();
    void onMessage(const Json& message);
    // One DevTools call, from the owner's thread; throws on its error or after kPatience.
    Json call(const std::string& method, const Json& parameters, const std::string& target = {});
    Json evaluate(const std::string& expression);

    const PrivateSession& session_;
    ListenOptions options_;
    std::string description_ = "chromium";
    StreamStats stats_{};
    double rate_; // reader thread
    Analyser analyser_;
    std::filesystem::path profile_;
    Process process_;
    UniqueFd toBrowser_;
    UniqueFd fromBrowser_;
    std::thread reader_;
    std::string target_;
    int lastCall_ = 0;

    std::mutex mutex_;
    std::condition_variable answered_;
    std::map<int, Json> answers_; // under mutex_
    bool ended_ = false;          // under mutex_
};

void ChromiumListener::halt() {
    if (process_.pid() > 0) {
        // Without its pipe the browser leaves in an orderly way, and takes its helpers along.
        toBrowser_.reset();
        process_.wait(Milliseconds(2000));
        process_.stop();
    }
    if (reader_.joinable())
        reader_.join();
    fromBrowser_.reset();
    std::error_code ignored;
    if (!profile_.empty())
        std::filesystem::remove_all(profile_, ignored);
}

void ChromiumListener::readMessages() {
    std::string pending;
    std::array<char, 65536> chunk{};
    for (;;) {
        const ssize_t count = ::read(fromBrowser_.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        pending.append(chunk.data(), static_cast<std::size_t>(count));
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = pending.find('\0', begin)) != std::string::npos; begin = end + 1) {
            const Json message =
                Json::parse(pending.begin() + static_cast<std::ptrdiff_t>(begin),
                            pending.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
            if (message.is_object())
                onMessage(message);
        }
        pending.erase(0, begin);
    }
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    answered_.notify_all();
}

void ChromiumListener::onMessage(const Json& message) {
    if (message.value("method", "") == "Runtime.bindingCalled") {
        const std::string payload = message["params"].value("payload", "");
        const std::size_t space = payload.find(' ');
        if (space == std::string::npos) {
            stats_.streaming = 0;
            wakeWaiters(stats_);
            return;
        }
        const double rate = std::stod(payload.substr(0, space));
        if (rate != rate_)
            analyser_.setRate(rate_ = rate);
        analyser_.feed(decodeBase64(std::string_view(payload).substr(space + 1)), monotonicNsec());
        return;
    }
    if (!message.contains("id"))
        return;
    {
        const std::lock_guard lock(mutex_);
        answers_[message["id"].get<int>()] = message;
    }
    answered_.notify_all();
}

Json ChromiumListener::call(const std::string& method, const Json& parameters, const std::string& target) {
    const int id = ++lastCall_;
    Json request{{"id", id}, {"method", method}, {"params", parameters}};
    if (!target.empty())
        request["sessionId"] = target;
    const std::string text = request.dump() + '\0';
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t count = ::write(toBrowser_.get(), text.data() + sent, text.size() - sent);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            throw std::runtime_error("Chromium is gone");
        sent += static_cast<std::size_t>(count);
    }
    std::unique_lock lock(mutex_);
    const bool done =
        answered_.wait_for(lock, kPatience * 3, [&] { return answers_.contains(id) || ended_; });
    if (!done || !answers_.contains(id))
        throw std::runtime_error("Chromium does not answer " + method);
    Json answer = answers_.at(id);
    answers_.erase(id);
    if (answer.contains("error"))
        throw std::runtime_error(method + ": " + answer["error"].dump());
    return answer.value("result", Json::object());
}

Json ChromiumListener::evaluate(const std::string& expression) {
    const Json result = call(
        "Runtime.evaluate",
        {{"expression", expression}, {"awaitPromise", true}, {"returnByValue", true}, {"userGesture", true}},
        target_);
    if (result.contains("exceptionDetails"))
        throw std::runtime_error("Chromium's page: " + result.dump());
    return result["result"].value("value", Json());
}

void ChromiumListener::start() {
    halt();
    // A browser that dies while we write to it must not take the test along.
    std::signal(SIGPIPE, SIG_IGN);
    ended_ = false;
    profile_ = session_.directory() / ("chromium-" + std::to_string(monotonicNsec()));
    std::filesystem::create_directories(profile_);
    const std::filesystem::path page = profile_ / "capture.html";
    writeFile(page, kPage);

    int down[2];
    int up[2];
    if (::pipe2(down, O_CLOEXEC) < 0 || ::pipe2(up, O_CLOEXEC) < 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    const UniqueFd browserReads(down[0]);
    toBrowser_.reset(down[1]);
    fromBrowser_.reset(up[0]);
    SpawnOptions spawning;
    spawning.environment = session_.environment();
    spawning.log = session_.logPath("chromium.log");
    spawning.directory = session_.directory();
    {
        const UniqueFd browserWrites(up[1]);
        spawning.descriptors = {{browserReads.get(), 3}, {browserWrites.get(), 4}};
        process_ =
            Process::spawn({"chromium", "--headless", "--no-sandbox", "--remote-debugging-pipe",
                            "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
                            "--disable-gpu", "--disable-quic", "--no-first-run",
                            "--disable-background-networking", "--disable-component-update", "--disable-sync",
                            "--disable-extensions", "--disable-dev-shm-usage", "--no-default-browser-check",
                            "--user-data-dir=" + profile_.string(), "about:blank"},
                           spawning);
    }
    reader_ = std::thread([this] { readMessages(); });

    std::string id;
    const Json targets = call("Target.getTargets", Json::object());
    for (const Json& target : targets.at("targetInfos"))
        if (target.value("type", "") == "page")
            id = target.value("targetId", "");
    if (id.empty())
        id = call("Target.createTarget", {{"url", "about:blank"}}).value("targetId", "");
    target_ = call("Target.attachToTarget", {{"targetId", id}, {"flatten", true}}).value("sessionId", "");
    call("Runtime.enable", Json::object(), target_);
    call("Runtime.addBinding", {{"name", "report"}}, target_);
    call("Page.navigate", {{"url", "file://" + page.string()}}, target_);
    evaluate("new Promise(done => { const wait = () => typeof capture === 'function' ? done(true) : "
             "setTimeout(wait, 10); "
             "wait(); })");
    const std::string label = options_.target.empty() ? "" : options_.target + " (test microphone)";
    evaluate("capture(" + Json(label).dump() + ")");
    stats_.streaming = 1;
}

} // namespace

std::unique_ptr<Listener> chromiumListener(const PrivateSession& session, const ListenOptions& options) {
    return std::make_unique<ChromiumListener>(session, options);
}

} // namespace micguard::test
