#pragma once
/// \file
/// A page as a headless Chromium shows it, where there is one.

#include <cstdlib>

#include "command_test.hpp"

namespace ebm::app {

inline constexpr const char* kNoBrowser = "no chromium here: install it to look at the page in a browser";

/// Empty where there is none.
inline std::string browser() {
  for (const char* path : {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"})
    if (std::filesystem::exists(path)) return path;
  return "";
}

/// What `probe` finds: a script at the page's end that replaces it by REPORT{..}END. Errors and warnings of
/// the page are in window.faults. \param size e.g. "390,900". Null, with a failure, when nothing comes back.
inline json seen_in_browser(const std::filesystem::path& page, std::string_view probe,
                            const std::string& size) {
  io::Folder folder;
  std::string html = text_of(page);
  html.insert(html.find("<head>") + 6,
              "<script>window.faults=[];window.addEventListener('error',e=>window.faults.push(e.message));"
              "console.error=console.warn=(...a)=>window.faults.push(a.join(' '));</script>");
  html.insert(html.rfind("</body>"), probe);
  io::write_file(folder / "probe.html", html);
  const std::string command = "timeout 120 " + browser() +
                              " --headless=old --no-sandbox --disable-gpu --virtual-time-budget=5000 "
                              "--user-data-dir=" +
                              (folder / "profile").string() + " --window-size=" + size +
                              " --dump-dom file://" + (folder / "probe.html").string() + " > " +
                              (folder / "dom").string() + " 2> " + (folder / "err").string();
  const int code = std::system(command.c_str());
  const std::string dom = text_of(folder / "dom");
  const std::size_t first = dom.find("REPORT{"), last = dom.find("}END");
  if (code == 0 && first != dom.npos && last != dom.npos)
    return json::parse(dom.substr(first + 6, last - first - 5));
  ADD_FAILURE() << code << dom.substr(0, 300) << text_of(folder / "err");
  return {};
}

}  // namespace ebm::app
