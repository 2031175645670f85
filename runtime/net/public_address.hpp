// Which addresses belong to the public internet: what a call that strangers steer may reach.
//
// It follows IANA's registries of special-purpose addresses; what is in doubt is not public. Nor is
// the one address of the public blocks at which a cloud tells its secrets, Azure's 168.63.129.16.
// An address that carries an IPv4 address (mapped, NAT64, 6to4) is what that one is.
#pragma once

#include <sys/socket.h>

namespace patchbay::net {

// Whether packets to it leave for the public internet: not this machine, its link or its site, no
// group, no example, nothing reserved. Another family than IP is none. [any-thread]
bool is_public(const sockaddr& address);

}  // namespace patchbay::net
