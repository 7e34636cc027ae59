// SPDX-License-Identifier: Apache-2.0
#include "run/counting_vfs.h"

#include <signal.h>
#include <sqlite3.h>

namespace relevid::testing {
namespace {

int64_t changes = 0, kill_at = -1;

void note_change() {
  if (++changes == kill_at) ::raise(SIGKILL);
}

/// SQLite's own file, behind ours.
struct File {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real;
}

sqlite3_vfs* system_vfs = nullptr;

sqlite3_io_methods methods() {
  sqlite3_io_methods m{};
  m.iVersion = 1;
  m.xClose = [](sqlite3_file* f) {
    return real(f)->pMethods ? real(f)->pMethods->xClose(real(f)) : SQLITE_OK;
  };
  m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, size, at);
  };
  m.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
    note_change();
    return real(f)->pMethods->xWrite(real(f), from, size, at);
  };
  m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
    note_change();
    return real(f)->pMethods->xTruncate(real(f), size);
  };
  m.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
  m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
    return real(f)->pMethods->xFileSize(real(f), size);
  };
  m.xLock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); };
  m.xUnlock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); };
  m.xCheckReservedLock = [](sqlite3_file* f, int* held) {
    return real(f)->pMethods->xCheckReservedLock(real(f), held);
  };
  m.xFileControl = [](sqlite3_file* f, int op, void* argument) {
    return real(f)->pMethods->xFileControl(real(f), op, argument);
  };
  m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
  m.xDeviceCharacteristics = [](sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
  };
  return m;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  static const sqlite3_io_methods kMethods = methods();
  auto* ours = reinterpret_cast<File*>(file);
  ours->real = reinterpret_cast<sqlite3_file*>(ours + 1);
  ours->base.pMethods = nullptr;
  const int result = system_vfs->xOpen(system_vfs, name, ours->real, flags, out_flags);
  if (ours->real->pMethods) ours->base.pMethods = &kMethods;
  return result;
}

int remove(sqlite3_vfs*, const char* name, int) {
  note_change();
  return system_vfs->xDelete(system_vfs, name, 0);
}

}  // namespace

void count_file_changes() {
  static sqlite3_vfs vfs;
  if (system_vfs) return;
  system_vfs = sqlite3_vfs_find(nullptr);
  vfs = *system_vfs;
  vfs.szOsFile += static_cast<int>(sizeof(File));
  vfs.zName = "counting";
  vfs.xOpen = open;
  vfs.xDelete = remove;
  sqlite3_vfs_register(&vfs, 1);
}

int64_t file_changes() {
  return changes;
}

void kill_at_file_change(int64_t n) {
  kill_at = changes + n;
}

}  // namespace relevid::testing
