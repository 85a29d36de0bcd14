// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

#pragma once
#include <qrencode.h>
