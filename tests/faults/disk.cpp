#include "disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace patchbay::faults {
namespace {

// System calls, for the functions of the C library are those that this library replaces.
int open_file(const std::string& path, int flags) {
    return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), flags | O_CLOEXEC, 0600));
}

std::string read_file(const std::string& path) {
    std::string bytes;
    const int file = open_file(path, O_RDONLY);
    if (file < 0) return bytes;
    char buffer[65536];
    while (true) {
        const long size = syscall(SYS_read, file, buffer, sizeof buffer);
        if (size <= 0) break;
        bytes.append(buffer, static_cast<size_t>(size));
    }
    syscall(SYS_close, file);
    return bytes;
}

void write_file(const std::string& path, std::string_view bytes) {
    const int file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (file < 0) _exit(99);
    while (!bytes.empty()) {
        const long size = syscall(SYS_write, file, bytes.data(), bytes.size());
        if (size <= 0) _exit(99);
        bytes.remove_prefix(static_cast<size_t>(size));
    }
    syscall(SYS_close, file);
}

NodeRef load(const std::string& path, bool is_folder, const std::string& certain) {
    auto node = std::make_shared<Node>();
    node->is_folder = is_folder;
    if (!is_folder) {
        node->bytes = read_file(certain.empty() ? path : certain);
        return node;
    }
    DIR* folder = opendir(path.c_str());
    while (const dirent* entry = folder ? readdir(folder) : nullptr) {
        const std::string name = "/" + std::string(entry->d_name);
        if (name == "/." || name == "/..") continue;
        if (entry->d_type != DT_DIR && entry->d_type != DT_REG) continue;
        node->names[entry->d_name] =
            load(path + name, entry->d_type == DT_DIR, certain.empty() ? "" : certain + name);
    }
    if (folder) closedir(folder);
    node->certain_names = node->names;
    return node;
}

bool flip(Dice& dice) { return dice() % 2 == 0; }

void apply_bytes(std::string& content, uint64_t at, std::string_view bytes) {
    if (content.size() < at + bytes.size()) content.resize(at + bytes.size());
    std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
}

void apply(std::string& content, const Node::Change& change) {
    if (change.bytes.empty()) return content.resize(change.at);
    apply_bytes(content, change.at, change.bytes);
}

// Some of its sectors.
void apply_torn(std::string& content, const Node::Change& change, uint64_t sector, Dice& dice) {
    const uint64_t end = change.at + change.bytes.size();
    for (uint64_t at = change.at; at < end;) {
        const uint64_t next = std::min(end, (at / sector + 1) * sector);
        if (flip(dice)) {
            apply_bytes(content, at,
                        std::string_view(change.bytes).substr(at - change.at, next - at));
        }
        at = next;
    }
}

std::string after_cut(const Node& file, Dice& dice) {
    enum { nothing, everything, any_of_it, up_to_a_point };
    std::string content = file.bytes;
    const uint64_t kind = dice() % 4;
    const uint64_t sector = flip(dice) ? 512 : 4096;
    const size_t point = file.changes.empty() ? 0 : dice() % file.changes.size();
    for (size_t i = 0; i < file.changes.size(); ++i) {
        const Node::Change& change = file.changes[i];
        const bool whole = kind == everything || (kind == any_of_it && flip(dice)) ||
                           (kind == up_to_a_point && i < point);
        const bool torn =
            !whole && ((kind == any_of_it && flip(dice)) || (kind == up_to_a_point && i == point));
        if (change.lost) continue;
        if (whole) {
            apply(content, change);
        } else if (torn) {
            apply_torn(content, change, sector, dice);
        } else if (kind == any_of_it && content.size() < change.at + change.bytes.size()) {
            content.resize(change.at + change.bytes.size());  // its size without its bytes
        }
    }
    return content;
}

void rename_in(std::map<std::string, NodeRef>& names, const Node::Renaming& renaming) {
    for (const auto& [name, node] : renaming) {
        if (node) {
            names[name] = node;
        } else {
            names.erase(name);
        }
    }
}

void save(const Node& node, const std::string& path, Dice& dice) {
    if (!node.is_folder) return write_file(path, after_cut(node, dice));
    syscall(SYS_mkdirat, AT_FDCWD, path.c_str(), 0700);
    auto names = node.certain_names;
    for (const auto& renaming : node.renamings) {
        if (flip(dice)) rename_in(names, renaming);
    }
    for (const auto& [name, child] : names) save(*child, path + "/" + name, dice);
}

void sync_below(Node& node) {
    Disk::sync(node);
    for (const auto& [name, child] : node.names) sync_below(*child);
}

void change_names(Node& folder, Node::Renaming renaming) {
    rename_in(folder.names, renaming);
    folder.renamings.push_back(std::move(renaming));
}

}  // namespace

Disk::Disk(std::string root, const std::string& certain)
    : root_path_(std::move(root)), root_(load(root_path_, true, certain)) {}

bool Disk::holds(std::string_view path) const {
    return path == root_path_ ||
           (path.starts_with(root_path_) && path.substr(root_path_.size()).starts_with('/'));
}

NodeRef Disk::find(const std::string& path) const {
    if (path == root_path_) return root_;
    std::string name;
    const NodeRef parent = parent_of(path, name);
    if (!parent) return nullptr;
    const auto found = parent->names.find(name);
    return found == parent->names.end() ? nullptr : found->second;
}

NodeRef Disk::parent_of(const std::string& path, std::string& name) const {
    if (!holds(path)) return nullptr;
    NodeRef node = root_;
    size_t at = root_path_.size() + 1;
    while (true) {
        const size_t slash = path.find('/', at);
        name = path.substr(at, slash - at);
        if (slash == std::string::npos) return node;
        at = slash + 1;
        if (name.empty()) continue;
        const auto found = node->names.find(name);
        if (found == node->names.end()) return nullptr;
        node = found->second;
    }
}

NodeRef Disk::open(const std::string& path, bool existed) {
    if (existed) {
        if (auto known = find(path)) return known;
    }
    std::string name;
    const NodeRef parent = parent_of(path, name);
    if (!parent) return nullptr;
    if (existed) {  // made by somebody else
        const NodeRef found = load(path, false, "");
        parent->certain_names[name] = parent->names[name] = found;
        return found;
    }
    auto made = std::make_shared<Node>();
    change_names(*parent, {{name, made}});
    return made;
}

void Disk::make_folder(const std::string& path) {
    std::string name;
    const NodeRef parent = parent_of(path, name);
    if (!parent) return;
    auto made = std::make_shared<Node>();
    made->is_folder = true;
    change_names(*parent, {{name, made}});
}

void Disk::remove(const std::string& path) {
    std::string name;
    const NodeRef parent = parent_of(path, name);
    if (parent && parent->names.contains(name)) change_names(*parent, {{name, nullptr}});
}

void Disk::link(const std::string& from, const std::string& to) {
    std::string name;
    const NodeRef parent = parent_of(to, name);
    const NodeRef node = find(from);
    if (parent && node) change_names(*parent, {{name, node}});
}

// Within one folder; nobody here does it otherwise.
void Disk::rename(const std::string& from, const std::string& to) {
    std::string old_name;
    std::string new_name;
    const NodeRef parent = parent_of(from, old_name);
    const NodeRef node = find(from);
    if (!node || parent_of(to, new_name) != parent) return;
    change_names(*parent, {{new_name, node}, {old_name, nullptr}});
}

void Disk::write(Node& file, uint64_t at, std::string_view bytes) {
    if (!bytes.empty()) file.changes.push_back({.at = at, .bytes = std::string(bytes)});
}

void Disk::resize(Node& file, uint64_t size) { file.changes.push_back({.at = size, .bytes = {}}); }

void Disk::sync(Node& node) {
    for (const auto& change : node.changes) {
        if (!change.lost) apply(node.bytes, change);
    }
    node.changes.clear();
    for (const auto& renaming : node.renamings) rename_in(node.certain_names, renaming);
    node.renamings.clear();
}

void Disk::fail_sync(Node& node) {
    for (auto& change : node.changes) change.lost = true;
}

void Disk::sync_all() { sync_below(*root_); }

void Disk::save_after_cut(const std::string& image, Dice& dice) const { save(*root_, image, dice); }

}  // namespace patchbay::faults
