// What is written is on disk only when it was synced: a file's bytes by a sync of the file, its
// name by one of its folder.
#pragma once

#include <string>

namespace patchbay {

// Syncs a file's bytes, or the names in a folder. 0, or errno. Blocks for as long as the disk
// takes.
int sync_path(const std::string& path);

// Syncs the folder that holds `path`.
int sync_folder_of(const std::string& path);

}  // namespace patchbay
