// SPDX-License-Identifier: GPL-3.0-or-later
//
// `-r cases`: TAP with one line per test case. Catch2's own TAP has one per assertion, which says little
// where a single generated test makes thousands.
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include <catch2/catch_test_case_info.hpp>
#include <catch2/interfaces/catch_interfaces_config.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#include <catch2/reporters/catch_reporter_streaming_base.hpp>

namespace {

class CaseReporter final : public Catch::StreamingReporterBase {
  public:
    explicit CaseReporter(Catch::ReporterConfig&& config)
        : StreamingReporterBase(std::move(config)) {}

    static std::string getDescription() { return "TAP, one line per test case"; }

    void testRunStarting(const Catch::TestRunInfo& run) override {
        StreamingReporterBase::testRunStarting(run);
        m_stream << "TAP version 13\n# seed " << m_config->rngSeed() << '\n';
    }

    void assertionEnded(const Catch::AssertionStats& stats) override {
        const auto& result = stats.assertionResult;
        if (result.isOk())
            return;
        std::string text = result.getSourceInfo().file + std::string(":") +
                           std::to_string(result.getSourceInfo().line) + ": " +
                           (result.hasExpression() ? result.getExpressionInMacro() : std::string("failed"));
        if (result.hasExpandedExpression() && result.getExpandedExpression() != result.getExpression())
            text += "\nwith: " + result.getExpandedExpression();
        if (result.hasMessage())
            text += "\n" + std::string(result.getMessage());
        for (const auto& message : stats.infoMessages)
            text += "\n" + message.message;
        diagnose(text);
    }

    void fatalErrorEncountered(Catch::StringRef error) override { diagnose("fatal: " + std::string(error)); }

    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        const auto& name = stats.testInfo->name;
        // An assertion is what a test is for: without any it is not ok.
        const bool ok = stats.totals.assertions.failed == 0 && stats.totals.testCases.failed == 0 &&
                        (stats.totals.assertions.total() > 0 || stats.totals.testCases.skipped > 0);
        if (!ok && stats.totals.assertions.total() == 0)
            diagnose("no assertion was made");
        m_stream << (ok ? "ok " : "not ok ") << ++count_ << " - ";
        for (const char c : name)
            m_stream << (c == '#' ? ' ' : c);
        if (stats.totals.testCases.skipped > 0)
            m_stream << " # SKIP";
        m_stream << '\n' << std::flush;
        StreamingReporterBase::testCaseEnded(stats);
    }

    void testRunEnded(const Catch::TestRunStats& stats) override {
        m_stream << "1.." << count_ << '\n' << std::flush;
        StreamingReporterBase::testRunEnded(stats);
    }

  private:
    void diagnose(std::string_view text) {
        m_stream << "# ";
        for (const char c : text)
            if (c == '\n')
                m_stream << "\n#   ";
            else
                m_stream << c;
        m_stream << '\n';
    }

    std::size_t count_ = 0;
};

} // namespace

CATCH_REGISTER_REPORTER("cases", CaseReporter)
