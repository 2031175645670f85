// Poco's own HTTP server with a handler that answers a short JSON text: what Patchbay's short
// requests are measured beside.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <string>

namespace {

class Health : public Poco::Net::HTTPRequestHandler {
    void handleRequest(Poco::Net::HTTPServerRequest&,
                       Poco::Net::HTTPServerResponse& response) override {
        static const std::string body =
            R"({"status":"healthy","service":"streaming","version":"1.0.0","timestamp":1795000000.0})";
        response.setContentType("application/json");
        response.setContentLength64(static_cast<Poco::Int64>(body.size()));
        response.setKeepAlive(true);
        response.sendBuffer(body.data(), body.size());
    }
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
    Poco::Net::HTTPRequestHandler* createRequestHandler(
        const Poco::Net::HTTPServerRequest&) override {
        return new Health;
    }
};

}  // namespace

int main(int argc, char** argv) {
    int threads = 256;
    CLI::App app{"Poco's HTTP server, answering a short JSON text"};
    app.add_option("--threads", threads)->check(CLI::Range(2, 4096))->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    Poco::ThreadPool pool(2, threads + 2);
    Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 4096);
    auto* parameters = new Poco::Net::HTTPServerParams;  // the server's
    parameters->setMaxThreads(threads);
    parameters->setMaxQueued(4096);
    parameters->setKeepAlive(true);
    parameters->setMaxKeepAliveRequests(0);
    Poco::Net::HTTPServer server(new Factory, pool, socket, parameters);
    server.start();
    std::printf("poco_server listening on http://127.0.0.1:%u\n",
                static_cast<unsigned>(socket.address().port()));
    std::fflush(stdout);

    int signal = 0;
    sigwait(&ends, &signal);
    server.stopAll(true);
    return 0;
}
