/* SPDX-License-Identifier: Apache-2.0 */
/* wire: frames in and out of the fleet's messages, bounded and checked. */
#include "schema/wire/wire.h"

void wire_free(wire_message *m)
{
	if (m)
		fairlead__wire__message__free_unpacked(m, NULL);
}
