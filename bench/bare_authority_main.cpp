// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-bare-authority: in the guard's place under strict admission, without a thought: whoever PipeWire tells of is given
// everything as soon as it has said what it knows of him, which is what the guard judges by. What it takes is the server's, and
// the floor under the guard's.
#include <pipewire/pipewire.h>
#include <systemd/sd-daemon.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <list>
#include <string_view>

namespace {

struct Applicant {
    pw_client* proxy;
    spa_hook hook;
    bool answered;
};

struct Authority {
    pw_main_loop* loop;
    pw_registry* registry;
    std::list<Applicant> applicants;
};

void onInfo(void* data, const pw_client_info*) noexcept {
    auto* applicant = static_cast<Applicant*>(data);
    if (applicant->answered)
        return;
    applicant->answered = true;
    const pw_permission everything = PW_PERMISSION_INIT(PW_ID_ANY, PW_PERM_ALL);
    pw_client_update_permissions(applicant->proxy, 1, &everything);
}

void onGlobal(void* data, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t,
              const spa_dict*) noexcept {
    static constexpr pw_client_events events = [] {
        pw_client_events table{};
        table.version = PW_VERSION_CLIENT_EVENTS;
        table.info = onInfo;
        return table;
    }();
    auto* authority = static_cast<Authority*>(data);
    if (std::string_view(type) != PW_TYPE_INTERFACE_Client)
        return;
    auto* proxy =
        static_cast<pw_client*>(pw_registry_bind(authority->registry, id, type, PW_VERSION_CLIENT, 0));
    if (proxy == nullptr)
        return;
    auto& applicant = authority->applicants.emplace_back(Applicant{proxy, {}, false});
    pw_client_add_listener(proxy, &applicant.hook, &events, &applicant);
}

void end(void* data, int) noexcept {
    pw_main_loop_quit(static_cast<Authority*>(data)->loop);
}

} // namespace

int main(int argc, char** argv) {
    pw_init(&argc, &argv);
    Authority authority{pw_main_loop_new(nullptr), nullptr, {}};
    pw_loop* loop = pw_main_loop_get_loop(authority.loop);
    for (const int signal : {SIGTERM, SIGINT})
        pw_loop_add_signal(loop, signal, end, &authority);
    pw_context* context = pw_context_new(loop, nullptr, 0);
    pw_core* core =
        pw_context_connect(context, pw_properties_new(PW_KEY_REMOTE_NAME, "pipewire-0-manager", nullptr), 0);
    if (core == nullptr) {
        std::fprintf(stderr, "micguard-bare-authority: no PipeWire\n");
        return 1;
    }
    static constexpr pw_registry_events events = [] {
        pw_registry_events table{};
        table.version = PW_VERSION_REGISTRY_EVENTS;
        table.global = onGlobal;
        return table;
    }();
    authority.registry = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
    spa_hook hook{};
    pw_registry_add_listener(authority.registry, &hook, &events, &authority);
    sd_notify(0, "READY=1");
    pw_main_loop_run(authority.loop);
    for (auto& applicant : authority.applicants)
        pw_proxy_destroy(reinterpret_cast<pw_proxy*>(applicant.proxy));
    pw_proxy_destroy(reinterpret_cast<pw_proxy*>(authority.registry));
    pw_core_disconnect(core);
    pw_context_destroy(context);
    pw_main_loop_destroy(authority.loop);
    pw_deinit();
    return 0;
}
