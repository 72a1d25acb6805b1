/* SPDX-License-Identifier: Apache-2.0 */
/* country: the codes of countries and continents, and which country lies in which continent. */
#include "core/country.h"

#include <string.h>

const char country_continents[COUNTRY_CONTINENTS][3] = { "AF", "AN", "AS", "EU", "NA", "OC", "SA" };

/* Country and continent, sorted by country, five bytes each. */
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

int country_continent_index(const char *code)
{
	for (int i = 0; i < COUNTRY_CONTINENTS; i++)
		if (strcmp(code, country_continents[i]) == 0)
			return i;
	return -1;
}

int country_continent_of(const char *country)
{
	size_t low = 0, high = sizeof(continent_of) / RECORD_LEN;

	if (strlen(country) != 2)
		return -1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *record = continent_of + middle * RECORD_LEN;
		int sign = memcmp(country, record, 2);

		if (sign == 0)
			return country_continent_index((const char[]){ record[2], record[3], 0 });
		if (sign < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}
