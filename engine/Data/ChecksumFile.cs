using System.Security.Cryptography;
using EDA.Engine.Files;

namespace EDA.Engine.Data;

/// <summary>
/// The SHA-256 of a downloaded file, recorded in a file beside it, <c>NAME.sha256</c>, in the form that
/// <c>sha256sum --check</c> reads.
/// </summary>
public static class ChecksumFile
{
    private const string Suffix = ".sha256";
    private const int Digits = 64;

    /// <summary>Where the checksum of a file is recorded.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The path beside it.</returns>
    public static string PathOf(string path) => path + Suffix;

    /// <summary>The SHA-256 of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>64 hexadecimal digits in small letters.</returns>
    public static string Compute(string path)
    {
        using var stream = FileToRead.Open(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>The recorded SHA-256 of a file.</summary>
    /// <param name="path">The file, which need not be there.</param>
    /// <returns>The digits; null where nothing is recorded.</returns>
    /// <exception cref="InvalidFileException">The record is broken.</exception>
    public static string? Recorded(string path)
    {
        string record = PathOf(path);
        if (!File.Exists(record))
            return null;
        string digits = File.ReadAllText(record).Split(' ', 2)[0].Trim().ToLowerInvariant();
        return digits.Length == Digits && digits.All(char.IsAsciiHexDigitLower)
            ? digits
            : throw new InvalidFileException(record, $"not a record of a SHA-256; allowed is {Digits} hexadecimal digits, two spaces and a file's name");
    }

    /// <summary>Whether a file is a download as it is recorded: a broken record counts as none.</summary>
    /// <param name="path">The file, which need not be there.</param>
    /// <param name="digits">Its SHA-256; null where it is not known.</param>
    /// <returns>Whether its record says so.</returns>
    public static bool IsRecorded(string path, string? digits)
    {
        try
        {
            return digits is not null && Recorded(path) == digits;
        }
        catch (InvalidFileException)
        {
            return false;
        }
    }

    /// <summary>Records the SHA-256 of a file.</summary>
    /// <param name="path">The file, without a record so far.</param>
    /// <param name="digits">Its SHA-256.</param>
    /// <exception cref="IOException">There is a record.</exception>
    public static void Record(string path, string digits) =>
        WholeFile.Write(PathOf(path), overwrite: false, record => File.WriteAllText(record, $"{digits}  {Path.GetFileName(path)}\n"));

    /// <summary>Refuses a file that is not what its record says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="digits">Its SHA-256.</param>
    /// <exception cref="InvalidFileException">Another one is recorded.</exception>
    public static void Check(string path, string digits)
    {
        if (Recorded(path) is { } recorded && recorded != digits)
            throw new InvalidFileException(path, $"not the file that was downloaded: its SHA-256 is {digits}, and {Path.GetFileName(PathOf(path))} records {recorded}");
    }
}
