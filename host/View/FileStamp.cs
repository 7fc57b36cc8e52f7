namespace EDA.Host.View;

/// <summary>What tells that a file has changed.</summary>
/// <param name="Modified">When it was last written, in ticks; 0 where there is none.</param>
/// <param name="Bytes">Its length.</param>
internal readonly record struct FileStamp(long Modified, long Bytes)
{
    /// <summary>Whether there is a file.</summary>
    public bool IsThere => Modified != 0;

    /// <summary>Looks at a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its stamp.</returns>
    public static FileStamp Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new(file.LastWriteTimeUtc.Ticks, file.Length) : default;
    }
}
