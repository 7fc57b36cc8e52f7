namespace EDA.Engine.Files;

/// <summary>Another process works in a folder. The message is one line that names both.</summary>
public sealed class FolderInUseException : Exception
{
    /// <param name="folder">The folder.</param>
    /// <param name="holder">Who holds it; null where that is being written.</param>
    internal FolderInUseException(string folder, LockHolder? holder)
        : base($"{folder} is in use by {holder?.ToString() ?? "a process that has just begun"}; two at once would spoil each other's work (its {FolderLock.FileName} says so)")
    {
    }
}

/// <summary>A folder was taken over by another process while this one was stopped. Nothing more is written to it.</summary>
public sealed class LostFolderException : Exception
{
    /// <param name="folder">The folder.</param>
    /// <param name="holder">Who holds it now; null for none.</param>
    internal LostFolderException(string folder, LockHolder? holder)
        : base($"{folder} is no longer this process's: {(holder is null ? $"its {FolderLock.FileName} is gone" : $"{holder} has taken it over")}; nothing more is written to it")
    {
    }
}
