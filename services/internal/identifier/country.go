package identifier

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// countryCodes holds ISO 3166-1's 249 pairs of alpha-2 and alpha-3 codes, and
// Kosovo (XK, XKX), which the standard leaves to its users.
const countryCodes = `
ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT
AUAUS AWABW AXALA AZAZE BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI
BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR
BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN
COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA
DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK
FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL
GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD
HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN
ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA
KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA LILIE LKLKA LRLBR LSLSO
LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD
MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI
MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL
NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM
PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA
SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR
SNSEN SOSOM SRSUR SSSSD STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF
TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN
TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR
VNVNM VUVUT WFWLF WSWSM XKXKX YEYEM YTMYT ZAZAF ZMZMB ZWZWE
`

var alpha3By2, alpha2By3 = countryTables()

func countryTables() (by2, by3 map[string]string) {
	by2, by3 = map[string]string{}, map[string]string{}
	for _, pair := range strings.Fields(countryCodes) {
		by2[pair[:2]], by3[pair[2:]] = pair[2:], pair[:2]
	}
	return by2, by3
}

// CheckCountry refuses what is no ISO 3166-1 alpha-2 code in capitals, the form
// that credentials carry. Rule: identifier.country.
func CheckCountry(alpha2 string) error {
	if _, ok := alpha3By2[alpha2]; !ok {
		return fault.New(fault.Invalid, "identifier.country", "this is no two-letter country code (ISO 3166-1 alpha-2)")
	}
	return nil
}

// Alpha3 is a country's three-letter code, the form that registers and passports
// use. Passports have codes of their own beside it (ICAO 9303 part 3).
func Alpha3(alpha2 string) (string, bool) {
	alpha3, ok := alpha3By2[alpha2]
	return alpha3, ok
}

// Alpha2 is the reverse of Alpha3.
func Alpha2(alpha3 string) (string, bool) {
	alpha2, ok := alpha2By3[alpha3]
	return alpha2, ok
}
