// Ctrl-C and SIGTERM: a run ends with the report of what was done. A second one ends the program at once.
// After a change here run: ci/test -L proptests -R 'manners'
#pragma once

namespace tailrace::verify {

/// From here on the two signals are noted. One that is ignored already stays so, as for a program in the background.
void note_interruptions();

/// The signal that has asked the program to end; 0 if none has.
[[nodiscard]] int interruption() noexcept;

}  // namespace tailrace::verify
