// The JavaScript object `Capture` of the addon: host/capture/native.ts describes it.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "capture/capture.h"

namespace wasprey {

class CaptureObject : public Napi::ObjectWrap<CaptureObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit CaptureObject(const Napi::CallbackInfo& info);
  ~CaptureObject() override;

 private:
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value PrepareFilter(const Napi::CallbackInfo& info);
  Napi::Value PrepareEnforcement(const Napi::CallbackInfo& info);
  Napi::Value Enforce(const Napi::CallbackInfo& info);
  Napi::Value PermitEnforcement(const Napi::CallbackInfo& info);
  Napi::Value RenewPermits(const Napi::CallbackInfo& info);
  Napi::Value ForgetPermits(const Napi::CallbackInfo& info);
  Napi::Value UnattendedEnforcement(const Napi::CallbackInfo& info);
  Napi::Value BeginChange(const Napi::CallbackInfo& info);
  Napi::Value BeginLoading(const Napi::CallbackInfo& info);
  Napi::Value IsChanged(const Napi::CallbackInfo& info);
  Napi::Value Poll(const Napi::CallbackInfo& info);
  Napi::Value HasEnforced(const Napi::CallbackInfo& info);
  Napi::Value SupposeRefused(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value AnnounceImages(const Napi::CallbackInfo& info);
  Napi::Value TakeImages(const Napi::CallbackInfo& info);
  Napi::Value ListImages(const Napi::CallbackInfo& info);
  Napi::Value SetCandidates(const Napi::CallbackInfo& info);
  Napi::Value TakeContainers(const Napi::CallbackInfo& info);
  Napi::Value SetContainer(const Napi::CallbackInfo& info);
  Napi::Value SetNames(const Napi::CallbackInfo& info);
  Napi::Value AwaitContainer(const Napi::CallbackInfo& info);
  Napi::Value Hold(const Napi::CallbackInfo& info);
  Napi::Value EndWait(const Napi::CallbackInfo& info);
  Napi::Value TakeHeld(const Napi::CallbackInfo& info);
  Napi::Value ReleaseHeld(const Napi::CallbackInfo& info);
  Napi::Value GetCounters(const Napi::CallbackInfo& info);
  Napi::Value Missing(const Napi::CallbackInfo& info);
  Napi::Value LoadedPrograms(const Napi::CallbackInfo& info);
  Napi::Value CheckIntegrity(const Napi::CallbackInfo& info);
  Napi::Value ThisThread(const Napi::CallbackInfo& info);
  Napi::Value Finish(const Napi::CallbackInfo& info);
  Napi::Value LogImages(const Napi::CallbackInfo& info);
  Napi::Value TakeImageLog(const Napi::CallbackInfo& info);
  Napi::Value KeepJournal(const Napi::CallbackInfo& info);
  Napi::Value AllImages(const Napi::CallbackInfo& info);
  Napi::Value SelectJournal(const Napi::CallbackInfo& info);
  Napi::Value TakeJournalExtent(const Napi::CallbackInfo& info);
  Napi::Value CaptureScopesOf(const Napi::CallbackInfo& info);
  Napi::Value Replay(const Napi::CallbackInfo& info);
  Napi::Value ReplayBlock(const Napi::CallbackInfo& info);
  Napi::Value Handle(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  Capture* Open(Napi::Env env);
  BuilderSource* Builder(Napi::Env env);
  void CloseCapture();

  /** Null once closed. */
  std::unique_ptr<Capture> capture_;
  /** Keeps the WebAssembly.Memory as long as it is mapped over. */
  Napi::ObjectReference memory_;
  uint32_t handle_ = 0;
};

/** NativeAddon.checkBlock() of host/capture/native-addon.ts. */
Napi::Value CheckBlockOf(const Napi::CallbackInfo& info);
Napi::Value ArrangeBlockOf(const Napi::CallbackInfo& info);
Napi::Value RestoreBlockOf(const Napi::CallbackInfo& info);
/** Calls `use` with the capture of that handle, which another thread may have made. False when it is closed. */
bool WithCapture(uint32_t handle, const std::function<void(Capture*)>& use);
/** Its counts of events, while the thread that reads them is busy; undefined when it is closed. */
Napi::Value EventCountsByHandle(Napi::Env env, uint32_t handle);

}  // namespace wasprey
