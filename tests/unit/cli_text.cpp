// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/text.hpp"

#include "cli/output.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard::cli;

TEST_CASE("ordinary text stays as it is") {
    CHECK(sanitised("OBS Studio") == "OBS Studio");
    CHECK(sanitised("Enregistreur été") == "Enregistreur été");
    CHECK(sanitised("録音アプリ") == "録音アプリ");
    CHECK(sanitised("e\u0301") == "e\u0301");
}

TEST_CASE("terminal escapes go, whole sequences at a time") {
    CHECK(sanitised("a\x1b[2Jb") == "ab");
    CHECK(sanitised("a\x1b[38;5;196mb\x1b[0m") == "ab");
    CHECK(sanitised("a\x1b]0;title\x07"
                    "b") == "ab");
    CHECK(sanitised("a\x1b]8;;http://x\x1b\\b") == "ab");
    CHECK(sanitised("a\x1bPq#0\x1b\\b") == "ab");
    CHECK(sanitised("a\x1b(0b") == "ab");
    CHECK(sanitised("a\x1b"
                    "cb") == "ab");
    CHECK(sanitised("a\u009b2Jb") == "ab");               // the one-character form of ESC [
    CHECK(sanitised("a\x1b[unfinished") == "anfinished"); // 'u' ends it
    CHECK(sanitised("a\x1b]never ends").find('\x1b') == std::string::npos);
    CHECK(sanitised("a\x1b") == "a");
}

TEST_CASE("control characters, line ends and invisible characters go") {
    CHECK(sanitised(std::string_view("a\0b\x07\x08\x7f", 6)) == "ab");
    CHECK(sanitised("one\r\ntwo\tthree") == "one two three");
    CHECK(sanitised("  a  b  ") == "a b");
    CHECK(sanitised("a\u2028b\u2029c\u0085d") == "a b c d");
    CHECK(sanitised("abc\u202exyz\u2066q\u200b\u200d\ufeff") == "abcxyzq");
    CHECK(sanitised("\U000e0041tag") == "tag");
}

TEST_CASE("bytes that are no UTF-8 are shown as such") {
    CHECK(sanitised("a\xff"
                    "b") == "a\ufffdb");
    CHECK(sanitised("\xc3") == "\ufffd");
    CHECK(sanitised("\xc0\xaf") == "\ufffd\ufffd");           // overlong slash
    CHECK(sanitised("\xed\xa0\x80") == "\ufffd\ufffd\ufffd"); // a surrogate
    CHECK(sanitised("\xf4\x90\x80\x80") == "\ufffd\ufffd\ufffd\ufffd");
    CHECK(sanitised("\xe2\x82") == "\ufffd\ufffd");
}

TEST_CASE("no letter carries a tower of marks, and none hangs on our own text") {
    std::string tower = "a";
    for (int i = 0; i < 50; ++i)
        tower += "\u0301";
    CHECK(sanitised(tower) == "a\u0301\u0301\u0301");
    CHECK(sanitised("\u0301x") == "x");
    CHECK(sanitised("a \u0301x") == "a x");
}

TEST_CASE("width is counted in terminal columns") {
    CHECK(displayWidth("") == 0);
    CHECK(displayWidth("abc") == 3);
    CHECK(displayWidth("été") == 3);
    CHECK(displayWidth("e\u0301") == 1);
    CHECK(displayWidth("録音") == 4);
    CHECK(displayWidth("🎤") == 2);
    CHECK(displayWidth("ｱ") == 1);
    CHECK(displayWidth("한글") == 4);
}

TEST_CASE("cut never exceeds its columns and never splits a character") {
    CHECK(cut("abc", 3) == "abc");
    CHECK(cut("abcd", 3) == "ab…");
    CHECK(cut("録音アプリ", 5) == "録音…");
    CHECK(cut("録音アプリ", 4) == "録…");
    CHECK(cut("abc", 1) == "…");
    CHECK(cut("abc", 0).empty());
    CHECK(padded("録", 4) == "録  ");
    CHECK(displayWidth(padded("録音アプリ", 4)) == 4);
    CHECK(shown("x\x1b[1my", 10) == "xy");
}

TEST_CASE("of text whose end says most the front goes") {
    CHECK(cutFront("abc", 3) == "abc");
    CHECK(cutFront("abcd", 3) == "…cd");
    CHECK(cutFront("録音アプリ", 5) == "…プリ");
    CHECK(cutFront("録音アプリ", 4) == "…リ");
    CHECK(cutFront("e\u0301e\u0301e\u0301", 2) == "…e\u0301");
    CHECK(cutFront("abc", 1) == "…");
    CHECK(cutFront("abc", 0).empty());
}

TEST_CASE("UTF-8 or not") {
    CHECK(isUtf8(""));
    CHECK(isUtf8("録音 \ufffd"));
    CHECK_FALSE(isUtf8("\xff"));
    CHECK_FALSE(isUtf8("a\xc3"));
    CHECK_FALSE(isUtf8("\xed\xa0\x80")); // half of a surrogate
}

TEST_CASE("table columns line up also with wide characters, and have no blanks at the end") {
    Table table({"NAME", "STATE"});
    table.add({{"録音"}, {"live"}});
    table.add({{"abcdef"}, {""}});
    CHECK(table.written({}) == "NAME    STATE\n録音    live\nabcdef\n");
}

TEST_CASE("a narrow terminal cuts the widest column") {
    Table table({"NAME", "STATE"});
    table.add({{"a very long name of an application"}, {"live"}});
    Terminal terminal;
    terminal.columns = 24;
    CHECK(table.written(terminal) == "NAME               STATE\na very long name…  live\n");
}

TEST_CASE("where a place is cut its line stays") {
    Table table({"WHAT", "WHERE"});
    table.add({{"deny"}, {"/home/somebody/micguard.toml:5", Colour::None, Keep::End}});
    Terminal terminal;
    terminal.columns = 20;
    CHECK(table.written(terminal) == "WHAT  WHERE\ndeny  …cguard.toml:5\n");
}

TEST_CASE("a terminal too narrow for columns gets lines") {
    Table table({"NAME", "STATE", "WHY"});
    table.add({{"a very long name"}, {"capturing"}, {"for a long time already"}});
    table.add({{"b"}, {""}, {"録音"}});
    Terminal terminal;
    terminal.columns = 20;
    CHECK(table.written(terminal) ==
          "NAME   a very long name\nSTATE  capturing\nWHY    for a long time already\n\n"
          "NAME   b\nWHY    録音\n");
    terminal.columns = 28;
    CHECK(table.written(terminal).starts_with("NAME      STATE     WHY\n"));
}

TEST_CASE("colour only where the terminal has it") {
    Terminal terminal;
    CHECK(terminal.painted("x", Colour::Red) == "x");
    terminal.colour = true;
    CHECK(terminal.painted("x", Colour::Red) == "\x1b[31mx\x1b[0m");
    CHECK(terminal.painted("x", Colour::None) == "x");
}

TEST_CASE("durations for people") {
    CHECK(duration(0) == "0 s");
    CHECK(duration(59'999'999) == "59 s");
    CHECK(duration(60'000'000) == "1 min");
    CHECK(duration(3'900'000'000) == "1 h 5 min");
    CHECK(duration(273'600'000'000) == "3 d 4 h");
    CHECK(clockTime(0, 1).empty());
}
