using EDA.Engine.Files;
using EDA.Host.Reports;

namespace EDA.Host.Runs;

/// <summary>Where a run is made and what was asked for there.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Request">What the user asked for, or would have for this seed alone.</param>
/// <param name="Held">The lock on the folder.</param>
internal sealed record RunPlace(RunFolder Folder, RunRequest Request, FolderLock Held);
