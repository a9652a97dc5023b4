// SPDX-License-Identifier: GPL-3.0-or-later
//
// argv, environment, run. Everything else is the App's.
#include "config/wording.hpp"
#include "daemon/app.hpp"
#include "daemon/bus/stop_job.hpp"
#include "daemon/history/keeper.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "micguard-config.h"

namespace {

struct Arguments {
    gchar* config = nullptr;
    gchar* logLevel = nullptr;
    gchar* machine = nullptr;
    gboolean releaseLeftovers = FALSE;
    gboolean letIn = FALSE;
    gboolean version = FALSE;
};

constexpr char usage[] = "usage: micguardd [--config FILE] [--log-level LEVEL] [--machine FOLDER] "
                         "[--release-leftovers | --let-in]";

int wrong(const std::string& what) {
    std::fprintf(stderr, "micguardd: %s; %s\n", what.c_str(), usage);
    return 2;
}

struct LogLevel {
    const char* name;
    GLogLevelFlags lowest;
};
constexpr LogLevel logLevels[] = {{"warning", G_LOG_LEVEL_WARNING},
                                  {"message", G_LOG_LEVEL_MESSAGE},
                                  {"info", G_LOG_LEVEL_INFO},
                                  {"debug", G_LOG_LEVEL_DEBUG}};

// Of GLib's levels the more important have the lower bits. The writer is asked from any thread, and what it goes by is not
// changed after it was set.
GLogWriterOutput writeLog(GLogLevelFlags level, const GLogField* fields, gsize count, gpointer lowest) {
    if ((level & G_LOG_LEVEL_MASK) > *static_cast<const GLogLevelFlags*>(lowest))
        return G_LOG_WRITER_HANDLED;
    return g_log_writer_default(level, fields, count, nullptr);
}

std::vector<std::string_view> logLevelNames() {
    std::vector<std::string_view> names;
    for (const auto& level : logLevels)
        names.emplace_back(level.name);
    return names;
}

// False if there is no level of this name.
bool useLogLevel(const char* name) {
    for (const auto& level : logLevels) {
        if (std::strcmp(level.name, name) != 0)
            continue;
        if (level.lowest > G_LOG_LEVEL_MESSAGE)
            g_setenv("G_MESSAGES_DEBUG", "all", FALSE);
        g_log_set_writer_func(writeLog, const_cast<GLogLevelFlags*>(&level.lowest), nullptr);
        return true;
    }
    return false;
}

// systemd runs ExecStopPost= after a crash and in a restart as well; then another guard follows and nothing must be let go.
// Unless it crashed while it was being stopped, as a guard that hangs does when systemd's patience ends.
bool anotherWillCome() {
    const char* result = std::getenv("SERVICE_RESULT");
    if (!result)
        return false;
    return std::strcmp(result, "success") == 0 ? micguard::unitIsBeingRestarted()
                                               : !micguard::unitIsBeingStopped();
}

// systemd runs ExecStopPost= in the moment in which a guard has died: nothing else would know when that was. After an end in
// order there is no stamp.
void noteEnd() {
    if (std::getenv("SERVICE_RESULT"))
        micguard::history::stampAlive(micguard::App::historyStamp(),
                                      static_cast<micguard::history::Moment>(g_get_real_time()), false);
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &arguments.config,
         "Read this file instead of the usual ones", "FILE"},
        {"release-leftovers", 0, 0, G_OPTION_ARG_NONE, &arguments.releaseLeftovers,
         "Give back what a guard that was killed left in the server, and end", nullptr},
        {"let-in", 0, 0, G_OPTION_ARG_NONE, &arguments.letIn,
         "Let in whom a PipeWire that was started for strict admission lets wait, until that ends or a guard "
         "comes",
         nullptr},
        {"log-level", 'l', 0, G_OPTION_ARG_STRING, &arguments.logLevel, "warning, message, info or debug",
         "LEVEL"},
        {"machine", 0, 0, G_OPTION_ARG_FILENAME, &arguments.machine,
         "For tests: look for sound cards (dev/snd, proc/asound) and for the journal's socket in FOLDER",
         "FOLDER"},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &arguments.version, "Print the version", nullptr},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
    GOptionContext* context = g_option_context_new("- guards the microphones of a PipeWire session");
    g_option_context_add_main_entries(context, entries, nullptr);
    GError* error = nullptr;
    const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    g_option_context_free(context);
    if (!parsed || argc > 1) {
        const std::string what =
            error ? micguard::printable(error->message) : "unexpected argument " + micguard::cited(argv[1]);
        g_clear_error(&error);
        return wrong(what);
    }
    if (arguments.logLevel && !useLogLevel(arguments.logLevel))
        return wrong("there is no log level " + micguard::cited(arguments.logLevel) + ", but " +
                     micguard::listed(logLevelNames(), "and"));
    if (arguments.releaseLeftovers && arguments.letIn)
        return wrong("--release-leftovers and --let-in exclude each other");
    if (arguments.version) {
        std::puts("micguardd " MICGUARD_VERSION);
        return 0;
    }
    if (arguments.releaseLeftovers)
        noteEnd();
    if (arguments.releaseLeftovers && anotherWillCome())
        return 0;
    micguard::App::Options options;
    if (arguments.config)
        options.configFile = arguments.config;
    options.releaseLeftovers = arguments.releaseLeftovers || arguments.letIn;
    options.letIn = arguments.letIn;
    if (arguments.machine)
        options.machine = arguments.machine;
    g_free(arguments.machine);
    g_free(arguments.config);
    g_free(arguments.logLevel);
    try {
        micguard::App app(std::move(options));
        return app.run();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "micguardd: %s\n", e.what());
        return 1;
    }
}
