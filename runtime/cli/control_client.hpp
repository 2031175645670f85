// Speaks the admin API to the server that runs on a data folder, through its control socket.
#pragma once

#include <patchbay/error.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace patchbay::cli {

// Blocks; one request at a time. Who may open the socket (0600) is an admin.
class ControlClient {
public:
    explicit ControlClient(const std::string& data_dir);

    // False when no server runs there. An error when there is a socket that cannot be opened, such
    // as another user's.
    Result<bool> server_runs() const;

    // The reply's JSON; null for an empty body. A status of 400 and more is an error with the
    // server's own message.
    Result<nlohmann::json> get(const std::string& path) const;
    Result<nlohmann::json> post(const std::string& path, const nlohmann::json& body) const;
    Result<nlohmann::json> remove(const std::string& path) const;

    // The reply as it is, whatever its status.
    struct Reply {
        long status = 0;
        nlohmann::json body;

        Error error() const;  // of a status of 400 and more, in the server's own words
    };
    Result<Reply> ask(const char* method, const std::string& path, const std::string& body) const;

private:
    Result<nlohmann::json> call(const char* method, const std::string& path,
                                const std::string& body) const;

    std::string socket_path_;
};

}  // namespace patchbay::cli
