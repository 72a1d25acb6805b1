/* SPDX-License-Identifier: Apache-2.0 */
/* fixed: sine, arc sine, square root and logarithm in integers. */
#include "steer/fixed.h"

#include <stddef.h>

#define ONE_Q60 (INT64_C(1) << 60)

/* 1/3!, 1/5!, ... 1/17! */
static const int64_t sin_terms_q60[] = {
	192153584101141163, 9607679205057058, 228754266787073, 3177142594265,
	28883114493,	    185148170,	      881658,	       3241,
};

/* (1*3*..*(2n-1)) / (2*4*..*2n) / (2n+1): 1/6, 3/40, 15/336, ... */
static const int64_t asin_terms_q60[] = {
	192153584101141163, 86469112845513523, 51469710027091383, 35027997101770524,
	25793343320394659,  20006375267742011, 16100368667849523, 13318319670096113,
	11254369545782973,  9673398585780126,  8430768332666079,
};

/* log2(1 + i/256) * 2^31: the last entry is 2^31 itself. */
static const uint32_t log2_q31[257] = {
	0x00000000u, 0x00b84e23u, 0x016fe50bu, 0x0226c623u, 0x02dcf2d1u, 0x03926c77u, 0x04473475u,
	0x04fb4c25u, 0x05aeb4ddu, 0x06616ff1u, 0x07137eaeu, 0x07c4e261u, 0x08759c50u, 0x0925adbfu,
	0x09d517efu, 0x0a83dc1bu, 0x0b31fb7du, 0x0bdf774bu, 0x0c8c50b7u, 0x0d3888f0u, 0x0de42120u,
	0x0e8f1a72u, 0x0f397609u, 0x0fe33508u, 0x108c588du, 0x1134e1b5u, 0x11dcd197u, 0x1284294bu,
	0x132ae9e2u, 0x13d1146eu, 0x1476a9fau, 0x151bab90u, 0x15c01a3au, 0x1663f6fbu, 0x170742d5u,
	0x17a9fec8u, 0x184c2bd0u, 0x18edcae8u, 0x198edd07u, 0x1a2f6323u, 0x1acf5e2eu, 0x1b6ecf17u,
	0x1c0db6ceu, 0x1cac163cu, 0x1d49ee4cu, 0x1de73fe4u, 0x1e840be7u, 0x1f205339u, 0x1fbc16b9u,
	0x20575745u, 0x20f215b7u, 0x218c52ebu, 0x22260fb6u, 0x22bf4cedu, 0x23580b65u, 0x23f04beeu,
	0x24880f56u, 0x251f566bu, 0x25b621f9u, 0x264c72c7u, 0x26e2499du, 0x2777a741u, 0x280c8c76u,
	0x28a0f9feu, 0x2934f098u, 0x29c87102u, 0x2a5b7bf9u, 0x2aee1236u, 0x2b803474u, 0x2c11e368u,
	0x2ca31fc9u, 0x2d33ea49u, 0x2dc4439bu, 0x2e542c70u, 0x2ee3a575u, 0x2f72af59u, 0x30014ac6u,
	0x308f7868u, 0x311d38e6u, 0x31aa8ce7u, 0x32377512u, 0x32c3f20au, 0x33500472u, 0x33dbacebu,
	0x3466ec15u, 0x34f1c28eu, 0x357c30f3u, 0x360637e0u, 0x368fd7eeu, 0x371911b8u, 0x37a1e5d4u,
	0x382a54d8u, 0x38b25f5au, 0x393a05eeu, 0x39c14924u, 0x3a482990u, 0x3acea7c0u, 0x3b54c444u,
	0x3bda7fa9u, 0x3c5fda7au, 0x3ce4d544u, 0x3d697090u, 0x3dedace6u, 0x3e718acfu, 0x3ef50ad2u,
	0x3f782d72u, 0x3ffaf335u, 0x407d5c9eu, 0x40ff6a2eu, 0x41811c68u, 0x420273cau, 0x428370d4u,
	0x43041403u, 0x43845dd5u, 0x44044ec5u, 0x4483e74eu, 0x450327ebu, 0x45821112u, 0x4600a33eu,
	0x467edee4u, 0x46fcc47au, 0x477a5476u, 0x47f78f4cu, 0x4874756fu, 0x48f10751u, 0x496d4563u,
	0x49e93016u, 0x4a64c7dau, 0x4ae00d1du, 0x4b5b004du, 0x4bd5a1d8u, 0x4c4ff228u, 0x4cc9f1abu,
	0x4d43a0c9u, 0x4dbcffeeu, 0x4e360f81u, 0x4eaecfebu, 0x4f274192u, 0x4f9f64deu, 0x50173a35u,
	0x508ec1fau, 0x5105fc93u, 0x517cea63u, 0x51f38bcbu, 0x5269e12fu, 0x52dfeaf0u, 0x5355a96du,
	0x53cb1d07u, 0x5440461cu, 0x54b5250cu, 0x5529ba33u, 0x559e05eeu, 0x5612089au, 0x5685c293u,
	0x56f93433u, 0x576c5dd4u, 0x57df3fd0u, 0x5851da81u, 0x58c42e3du, 0x59363b5eu, 0x59a80239u,
	0x5a198326u, 0x5a8abe79u, 0x5afbb489u, 0x5b6c65aau, 0x5bdcd22fu, 0x5c4cfa6cu, 0x5cbcdeb4u,
	0x5d2c7f59u, 0x5d9bdcadu, 0x5e0af6ffu, 0x5e79cea2u, 0x5ee863e5u, 0x5f56b717u, 0x5fc4c886u,
	0x60329882u, 0x60a02757u, 0x610d7553u, 0x617a82c3u, 0x61e74ff2u, 0x6253dd2cu, 0x62c02abcu,
	0x632c38edu, 0x63980809u, 0x64039858u, 0x646eea24u, 0x64d9fdb7u, 0x6544d356u, 0x65af6b4bu,
	0x6619c5dbu, 0x6683e34fu, 0x66edc3ebu, 0x675767f5u, 0x67c0cfb3u, 0x6829fb69u, 0x6892eb5cu,
	0x68fb9fceu, 0x69641904u, 0x69cc5741u, 0x6a345ac6u, 0x6a9c23d6u, 0x6b03b2b2u, 0x6b6b079cu,
	0x6bd222d4u, 0x6c39049bu, 0x6c9fad30u, 0x6d061cd3u, 0x6d6c53c2u, 0x6dd2523du, 0x6e381882u,
	0x6e9da6ceu, 0x6f02fd60u, 0x6f681c73u, 0x6fcd0445u, 0x7031b512u, 0x70962f16u, 0x70fa728cu,
	0x715e7fafu, 0x71c256bau, 0x7225f7e8u, 0x72896373u, 0x72ec9993u, 0x734f9a83u, 0x73b2667bu,
	0x7414fdb5u, 0x74776067u, 0x74d98ecau, 0x753b8916u, 0x759d4f81u, 0x75fee242u, 0x76604191u,
	0x76c16da3u, 0x772266adu, 0x77832ce6u, 0x77e3c082u, 0x784421b7u, 0x78a450b8u, 0x79044dbbu,
	0x796418f2u, 0x79c3b292u, 0x7a231aceu, 0x7a8251d8u, 0x7ae157e3u, 0x7b402d22u, 0x7b9ed1c7u,
	0x7bfd4603u, 0x7c5b8a07u, 0x7cb99e06u, 0x7d17822fu, 0x7d7536b4u, 0x7dd2bbc4u, 0x7e30118fu,
	0x7e8d3846u, 0x7eea3017u, 0x7f46f932u, 0x7fa393c5u, 0x80000000u,
};

uint32_t fixed_sqrt(uint64_t x)
{
	uint64_t root, next;

	if (x == 0)
		return 0;
	/* A power of two not below the root; from there Newton falls without overshooting. */
	next = UINT64_C(1) << ((65 - __builtin_clzll(x)) / 2);
	do {
		root = next;
		next = (root + x / root) / 2;
	} while (next < root);
	return (uint32_t)root;
}

int64_t fixed_sin_q60(int64_t angle_q60)
{
	int64_t square = fixed_mul_q60(angle_q60, angle_q60), sum = 0;

	for (size_t i = sizeof(sin_terms_q60) / sizeof(sin_terms_q60[0]); i-- > 0;)
		sum = fixed_mul_q60(square, sin_terms_q60[i] - sum);
	return fixed_mul_q60(angle_q60, ONE_Q60 - sum);
}

static int64_t asin_to_half(int64_t sine_q60)
{
	int64_t square = fixed_mul_q60(sine_q60, sine_q60), sum = 0;

	for (size_t i = sizeof(asin_terms_q60) / sizeof(asin_terms_q60[0]); i-- > 0;)
		sum = fixed_mul_q60(square, asin_terms_q60[i] + sum);
	return fixed_mul_q60(sine_q60, ONE_Q60 + sum);
}

int64_t fixed_asin_q60(int64_t sine_q60)
{
	int64_t half;

	if (sine_q60 <= ONE_Q60 / 2)
		return asin_to_half(sine_q60);
	/* The series is slow near 1: asin(s) = pi/2 - 2 asin(sqrt((1 - s) / 2)). */
	half = (int64_t)fixed_sqrt((uint64_t)(ONE_Q60 - sine_q60) / 2) << 30;
	return FIXED_HALF_PI_Q60 - 2 * asin_to_half(half);
}

uint64_t fixed_minus_log2(uint64_t x)
{
	unsigned zeros = (unsigned)__builtin_clzll(x | 1);
	uint64_t mantissa = (x | (x == 0)) << zeros; /* 1.f with its 1 in bit 63 */
	size_t step = mantissa >> 55 & 255;
	uint64_t between_q32 = mantissa >> 23 & UINT32_MAX;
	uint64_t low = log2_q31[step], width = log2_q31[step + 1] - low;
	uint64_t log_q32 = (low << 1) + (width * between_q32 >> 31);
	uint64_t result = ((uint64_t)(zeros + 1) << 32) - log_q32;

	return result ? result : 1;
}
