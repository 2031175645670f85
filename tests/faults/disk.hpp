// A model of one disk: what is surely on it, and what has been asked of it since.
//
// A write is certain once its file was synced; a name (of a new, linked or removed file) once its
// folder was. Until then a power cut may keep or lose each change by itself, in any order, and may
// tear a write at the borders of sectors. A file that grew may have its new size and not its bytes.
//
// Not thread-safe: the caller locks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::faults {

struct Node;
using NodeRef = std::shared_ptr<Node>;
using Dice = std::mt19937_64;

// A file or a folder.
struct Node {
    // Of a file: bytes at an offset, or, when there are none, a new size.
    struct Change {
        uint64_t at = 0;
        std::string bytes;
        bool lost = false;  // a sync of it has failed: no later one brings it back
    };
    // Of a folder: names that came (with their nodes) and went (null), all of it or nothing.
    using Renaming = std::vector<std::pair<std::string, NodeRef>>;

    bool is_folder = false;
    std::string bytes;  // that are surely there
    std::vector<Change> changes;
    std::map<std::string, NodeRef> names;          // as programs see them
    std::map<std::string, NodeRef> certain_names;  // that are surely there
    std::vector<Renaming> renamings;
};

class Disk {
public:
    // What is surely there of the files below `root`: all of it, or, when the disk has lost some of
    // what programs have written, what files of the same names below `certain` hold.
    Disk(std::string root, const std::string& certain);

    bool holds(std::string_view path) const;
    NodeRef find(const std::string& path) const;  // null: not on this disk

    // The file under this name, which was made by this call unless it `existed`.
    NodeRef open(const std::string& path, bool existed);
    void make_folder(const std::string& path);
    void remove(const std::string& path);
    void link(const std::string& from, const std::string& to);
    void rename(const std::string& from, const std::string& to);

    static void write(Node& file, uint64_t at, std::string_view bytes);
    static void resize(Node& file, uint64_t size);
    static void sync(Node& node);
    static void fail_sync(Node& node);
    void sync_all();

    // Writes what a power cut at this moment may leave into the folder `image`.
    void save_after_cut(const std::string& image, Dice& dice) const;

private:
    NodeRef parent_of(const std::string& path, std::string& name) const;

    std::string root_path_;
    NodeRef root_;
};

}  // namespace patchbay::faults
