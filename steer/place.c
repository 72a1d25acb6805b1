/* SPDX-License-Identifier: Apache-2.0 */
/* place: where a client or a region is, and how far apart two places are. */
#include "steer/place.h"

#include "steer/fixed.h"

#include <string.h>

#define QUARTER_E4	  900000 /* 90 degrees */
#define RADIAN_PER_E4_Q60 INT64_C(2012227627244)
#define EARTH_DIAMETER_M  12742000

static const char continent_codes[][3] = { "", "AF", "AN", "AS", "EU", "NA", "OC", "SA" };

/* Country and continent, sorted by country, five bytes each: ISO 3166-1 and XK (Kosovo), which the
 * databases use. */
#define RECORD_LEN 5
static const char continent_of[] =
	"ADEU AEAS AFAS AGNA AINA ALEU AMAS AOAF AQAN ARSA ASOC ATEU AUOC AWNA AXEU AZAS "
	"BAEU BBNA BDAS BEEU BFAF BGEU BHAS BIAF BJAF BLNA BMNA BNAS BOSA BQNA BRSA BSNA "
	"BTAS BVAN BWAF BYEU BZNA CANA CCAS CDAF CFAF CGAF CHEU CIAF CKOC CLSA CMAF CNAS "
	"COSA CRNA CUNA CVAF CWNA CXAS CYEU CZEU DEEU DJAF DKEU DMNA DONA DZAF ECSA EEEU "
	"EGAF EHAF ERAF ESEU ETAF FIEU FJOC FKSA FMOC FOEU FREU GAAF GBEU GDNA GEAS GFSA "
	"GGEU GHAF GIEU GLNA GMAF GNAF GPNA GQAF GREU GSAN GTNA GUOC GWAF GYSA HKAS HMAN "
	"HNNA HREU HTNA HUEU IDAS IEEU ILAS IMEU INAS IOAS IQAS IRAS ISEU ITEU JEEU JMNA "
	"JOAS JPAS KEAF KGAS KHAS KIOC KMAF KNNA KPAS KRAS KWAS KYNA KZAS LAAS LBAS LCNA "
	"LIEU LKAS LRAF LSAF LTEU LUEU LVEU LYAF MAAF MCEU MDEU MEEU MFNA MGAF MHOC MKEU "
	"MLAF MMAS MNAS MOAS MPOC MQNA MRAF MSNA MTEU MUAF MVAS MWAF MXNA MYAS MZAF NAAF "
	"NCOC NEAF NFOC NGAF NINA NLEU NOEU NPAS NROC NUOC NZOC OMAS PANA PESA PFOC PGOC "
	"PHAS PKAS PLEU PMNA PNOC PRNA PSAS PTEU PWOC PYSA QAAS REAF ROEU RSEU RUEU RWAF "
	"SAAS SBOC SCAF SDAF SEEU SGAS SHAF SIEU SJEU SKEU SLAF SMEU SNAF SOAF SRSA SSAF "
	"STAF SVNA SXNA SYAS SZAF TCNA TDAF TFAN TGAF THAS TJAS TKOC TLOC TMAS TNAF TOOC "
	"TRAS TTNA TVOC TWAS TZAF UAEU UGAF UMOC USNA UYSA UZAS VAEU VCNA VESA VGNA VINA "
	"VNAS VUOC WFOC WSOC XKEU YEAS YTAF ZAAF ZMAF ZWAF ";

uint8_t place_continent_parse(const char *code)
{
	for (uint8_t i = PLACE_AF; i <= PLACE_SA; i++)
		if (strcmp(code, continent_codes[i]) == 0)
			return i;
	return PLACE_NOWHERE;
}

const char *place_continent_code(uint8_t continent)
{
	return continent <= PLACE_SA ? continent_codes[continent] : "";
}

uint8_t place_continent_of(const char country[3])
{
	size_t low = 0, high = sizeof(continent_of) / RECORD_LEN;

	if (strlen(country) != 2)
		return PLACE_NOWHERE;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *record = continent_of + middle * RECORD_LEN;
		int sign = memcmp(country, record, 2);

		if (sign == 0)
			return place_continent_parse((const char[]){ record[2], record[3], 0 });
		if (sign < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return PLACE_NOWHERE;
}

static int64_t magnitude(int64_t x)
{
	return x < 0 ? -x : x;
}

/* sin^2 of half an angle that is at most 180 degrees. */
static int64_t half_sine_squared_q60(int64_t angle_e4)
{
	int64_t sine = fixed_sin_q60(angle_e4 * RADIAN_PER_E4_Q60 / 2);

	return fixed_mul_q60(sine, sine);
}

/* A latitude beyond a pole, from a broken database, is the pole. */
static int64_t clamp_lat(int64_t lat_e4)
{
	if (lat_e4 > QUARTER_E4)
		return QUARTER_E4;
	return lat_e4 < -QUARTER_E4 ? -QUARTER_E4 : lat_e4;
}

static int64_t cosine_q60(int64_t lat_e4)
{
	return fixed_sin_q60((QUARTER_E4 - magnitude(lat_e4)) * RADIAN_PER_E4_Q60);
}

/* The haversine formula: it keeps its precision for places that are close together. */
uint32_t place_distance_m(const struct place *a, const struct place *b)
{
	int64_t lat_a_e4 = clamp_lat(a->lat_e4), lat_b_e4 = clamp_lat(b->lat_e4);
	int64_t lon_e4, haversine, angle;

	if (!a->has_position || !b->has_position)
		return PLACE_FAR;
	lon_e4 = magnitude((int64_t)a->lon_e4 - b->lon_e4) % (4 * QUARTER_E4);
	if (lon_e4 > 2 * QUARTER_E4)
		lon_e4 = 4 * QUARTER_E4 - lon_e4;
	haversine = half_sine_squared_q60(magnitude(lat_a_e4 - lat_b_e4)) +
		    fixed_mul_q60(fixed_mul_q60(cosine_q60(lat_a_e4), cosine_q60(lat_b_e4)),
				  half_sine_squared_q60(lon_e4));
	if (haversine < 0)
		haversine = 0;
	if (haversine > INT64_C(1) << 60)
		haversine = INT64_C(1) << 60; /* a rounded half bit over, for antipodes */
	angle = fixed_asin_q60((int64_t)fixed_sqrt((uint64_t)haversine) << 30);
	return (uint32_t)(((__int128)angle * EARTH_DIAMETER_M + (INT64_C(1) << 59)) >> 60);
}
