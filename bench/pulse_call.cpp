// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/pulse_call.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace micguard::bench {
namespace {

// From pulse/context.h, pulse/mainloop.h and pulse/operation.h, an interface that has not changed for many
// years.
struct pa_mainloop;
struct pa_mainloop_api;
struct pa_context;
struct pa_operation;
using ContextSuccess = void (*)(pa_context*, int success, void* data);
constexpr int kReady = 4, kFailed = 5, kTerminated = 6; // pa_context_state_t
constexpr int kRunning = 0;                             // pa_operation_state_t

template <typename Function>
Function* symbol(void* library, const char* name) {
    auto* found = reinterpret_cast<Function*>(::dlsym(library, name));
    if (found == nullptr)
        throw std::runtime_error(std::string("libpulse has no ") + name);
    return found;
}

} // namespace

struct PulseCall::Impl {
    void* library = ::dlopen("libpulse.so.0", RTLD_NOW);
    pa_mainloop* loop = nullptr;
    pa_context* context = nullptr;
    int (*iterate)(pa_mainloop*, int block, int* code) = nullptr;
    int (*operationState)(const pa_operation*) = nullptr;
    void (*operationUnref)(pa_operation*) = nullptr;
    pa_operation* (*setMute)(pa_context*, const char*, int, ContextSuccess, void*) = nullptr;

    ~Impl() {
        if (library == nullptr)
            return;
        if (context != nullptr) {
            symbol<void(pa_context*)>(library, "pa_context_disconnect")(context);
            symbol<void(pa_context*)>(library, "pa_context_unref")(context);
        }
        if (loop != nullptr)
            symbol<void(pa_mainloop*)>(library, "pa_mainloop_free")(loop);
    }
};

PulseCall::PulseCall(const std::string& server)
    : impl_(std::make_unique<Impl>()) {
    Impl& self = *impl_;
    if (self.library == nullptr)
        throw std::runtime_error("no libpulse.so.0");
    self.iterate = symbol<int(pa_mainloop*, int, int*)>(self.library, "pa_mainloop_iterate");
    self.operationState = symbol<int(const pa_operation*)>(self.library, "pa_operation_get_state");
    self.operationUnref = symbol<void(pa_operation*)>(self.library, "pa_operation_unref");
    self.setMute = symbol<pa_operation*(pa_context*, const char*, int, ContextSuccess, void*)>(
        self.library, "pa_context_set_source_mute_by_name");
    const auto state = symbol<int(const pa_context*)>(self.library, "pa_context_get_state");
    self.loop = symbol<pa_mainloop*()>(self.library, "pa_mainloop_new")();
    auto* api = symbol<pa_mainloop_api*(pa_mainloop*)>(self.library, "pa_mainloop_get_api")(self.loop);
    self.context = symbol<pa_context*(pa_mainloop_api*, const char*)>(self.library, "pa_context_new")(
        api, "micguard-bench");
    if (symbol<int(pa_context*, const char*, int, const void*)>(self.library, "pa_context_connect")(
            self.context, server.c_str(), 0, nullptr) < 0)
        throw std::runtime_error("no Pulse server at " + server);
    while (state(self.context) != kReady) {
        if (state(self.context) == kFailed || state(self.context) == kTerminated)
            throw std::runtime_error("the Pulse server refuses");
        self.iterate(self.loop, 1, nullptr);
    }
}

PulseCall::~PulseCall() = default;

void PulseCall::setSourceMute(const std::string& source, bool mute) {
    bool succeeded = false;
    pa_operation* operation = impl_->setMute(
        impl_->context, source.c_str(), mute ? 1 : 0,
        [](pa_context*, int success, void* data) { *static_cast<bool*>(data) = success != 0; }, &succeeded);
    if (operation == nullptr)
        throw std::runtime_error("the Pulse server is gone");
    while (impl_->operationState(operation) == kRunning)
        impl_->iterate(impl_->loop, 1, nullptr);
    impl_->operationUnref(operation);
    if (!succeeded)
        throw std::runtime_error("the Pulse server refused to mute " + source);
}

} // namespace micguard::bench
