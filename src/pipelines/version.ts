// The version of the library, as pictures' metadata name it; a test holds it against package.json.

/** The version of dreamgrain. */
export const version = "0.1.0";
